-- Lines of the REST monitor on books that it injected: its activations, and the counts that rose.
with monitor_lines as (
    select venue, life, family, file_no, line, try_cast(fields->>'rest_inject_count' as bigint) as injected
    from run_log_events where family in ('rest_fallback_activated', 'audit_rest_monitor')
)
select venue, file_no, line from monitor_lines
qualify family = 'rest_fallback_activated' or injected > lag(injected, 1, 0) over (partition by venue, life, family order by file_no, line)
order by file_no, line
