-- row: stale exit
-- reads: log
with lines as (select * from run_log_events join run_log_parts using (file_no)),
exits as (
    select venue, life, log_no, file_no, line, (fields->>'stale_ms')::double as s, (fields->>'age_ws_rx_ms')::double as ws, (fields->>'age_data_rx_ms')::double as data,
           (fields->>'age_book_event_ms')::double as book, (fields->>'age_published_ms')::double as published
    from lines where family in ('audit_ws_msg', 'audit_freshness') and reason in ('stale_watchdog', 'read_timeout', 'post_publish_transport_gap') and venue = $scope
),
truth as (
    select venue, log_no, file_no, line, (fields->>'age_apply_ms')::double as apply, (fields->>'age_event_ms')::double as event, (fields->>'venue_state_stale_ms')::double as limit_ms,
           coalesce((fields->>'ext_apply_frozen_total')::double, 0) as frozen, coalesce((fields->>'ext_future_total')::double, 0) as future
    from lines where family = 'audit_runner_truth'
)
select e.*, case when s > 0 and ws < s / 2 and data >= s and book >= s and published >= s then 'no_data_transport_gap'
                 when s > 0 and data < s / 2 and (book >= s or published >= s) then 'data_seen_no_publish'
                 when s > 0 and published < s / 2 and apply >= limit_ms and (frozen > 0 or frozen_before) then 'runner_freeze_apply_gap'
                 when s > 0 and future > 0 and event < s / 2 and apply >= limit_ms then 'future_timestamp_deferral'
                 else 'unclassified' end as class,
       e.file_no * 1000000000000 + e.line as ord, null::double as weight,
       list_filter([{file_no: e.file_no, line: e.line}, {file_no: t.file_no, line: t.line}], lambda r: r.line is not null) as refs
from (select *, exists (select 1 from lines f where f.family = 'runner_freeze' and f.venue = e.venue and f.log_no = e.log_no and (f.file_no, f.line) < (e.file_no, e.line)) as frozen_before
      from exits e) e
asof left join truth t on e.venue = t.venue and e.log_no = t.log_no and (e.file_no, e.line) >= (t.file_no, t.line)
