-- title: REST monitor
-- unit: count
-- better: lower
-- figures: <venue>.rest.checks:none <venue>.rest.attempts <venue>.rest.successes:none <venue>.rest.failures <venue>.rest.injections <venue>.rest.suppressed:none
-- definition[rest.checks]: Checks of the venue's book by the REST health monitor.
-- definition[rest.attempts]: Fetches that the REST health monitor tried.
-- definition[rest.successes]: Fetches by the REST health monitor that succeeded.
-- definition[rest.failures]: Fetches by the REST health monitor that failed. Every build with the monitor prints a line for each, so the count is exact where the lines are no fewer than the last reading.
-- definition[rest.injections]: Fetched books that the REST health monitor put in place of the socket's.
-- definition[rest.suppressed]: Injections that the REST health monitor suppressed.
-- definition: The connectors' own events hold the final counts, and their telemetry each injected book. In a log the last readings of each monitor life are summed; they are printed at most every 30 s, so the true counts are at least these.
-- source: events.jsonl; telemetry toolkit.venues; else the run log, WS_AUDIT subsystem=rest_monitor; WARN: REST health monitor
with named as (
    select * from (values ('checks', 'rest_check_count'), ('attempts', 'rest_attempt_count'), ('successes', 'rest_success_count'),
                          ('failures', 'rest_fail_count'), ('injections', 'rest_inject_count'), ('suppressed', 'rest_suppressed_count')) as n (stat, name)
),
lives as (
    select life, venue, name, max(last) as last, coalesce(bool_or(by_event and kind = 'cumulative'), false) as final
    from run_totals where name like 'rest\_%\_count' escape '\' group by life, venue, name
),
-- Our own connectors mark each injected book in their records.
marked as (
    select venue, 'rest_inject_count' as name, sum(most) as marked
    from (select venue, life, max(injected[venue_index + 1]) as most from run_ticks, run_venues group by all) group by venue
),
read as (
    select venue, name, last, n, marked, coalesce(final, false) or marked is not null as final
    from (select venue, name, sum(last) as last, count(last) as n, bool_and(final) as final from lives group by all)
    full join (from marked where marked is not null) using (venue, name)
),
-- A monitor that prints a count for one venue prints it for each that it checks.
proven as (select distinct name from read),
failed as (select venue, count(*) as lines from run_log_events where family = 'rest_fallback_error' group by venue),
counted as (
    select v.venue, stat, t.n, coalesce(greatest(last, marked), case when p.name is not null then 0 end) as last, coalesce(t.final, false) as final, t.venue is null and p.name is not null as unseen,
           -- A failure was an attempt, unless the seed at the start failed.
           case when stat = 'failures' and has_rest_monitor then coalesce(lines, 0) when stat = 'attempts' and t.last is null then lines end as printed
    from run_venues v, named n, run_log_proof left join read t on t.venue = v.venue and t.name = n.name left join proven p on p.name = n.name left join failed f on f.venue = v.venue
)
select venue as scope, 'rest.' || stat as metric, greatest(last, printed) as value, coalesce(n, printed, 0)::bigint as n,
       if(final or stat = 'failures' and printed >= coalesce(last, 0) or unseen and coalesce(printed, 0) = 0, 'exact', 'lower') as bound, value as low, if(bound = 'exact', value, null) as high,
       case when value is null and not has_log then why_no_log when value is null then 'not instrumented'
            when final then null
            when unseen and value = 0 then 'no line seen; the monitor prints the counts of other venues'
            when bound = 'exact' and value = 0 then 'no such line in the log' when bound = 'exact' then null
            when n is null then 'from the lines of failures only' else 'printed at most every 30 s' end as note
from counted, run_log_proof
