-- title: Stale exits by defect class
-- unit: count
-- better: lower
-- figures: <venue>.defects.no_data_transport_gap <venue>.defects.data_seen_no_publish <venue>.defects.runner_freeze_apply_gap <venue>.defects.future_timestamp_deferral <venue>.defects.unclassified
-- definition[defects.no_data_transport_gap]: Stale exits where frames arrived (age < S/2) but no data, book or publish (≥ S).
-- definition[defects.data_seen_no_publish]: Stale exits where data arrived (age < S/2) but no book or no publish (≥ S).
-- definition[defects.runner_freeze_apply_gap]: Stale exits where books were published (age < S/2) but the runner had frozen the venue.
-- definition[defects.future_timestamp_deferral]: Stale exits where the runner deferred books because their timestamps were in the future.
-- definition[defects.unclassified]: Stale exits that none of the other classes fits.
-- definition: The class follows from the ages on the exit's log line and its stale limit S. The first class that fits counts, in the order: transport gap, data without publish, runner freeze, future timestamp.
-- source: run log, WS_AUDIT component=ws_msg or freshness with a reason other than periodic; the last component=runner_apply_truth line before each
with lines as (select * from run_log_events join run_log_parts using (file_no)),
exits as (
    select venue, log_no, file_no, line, try_cast(fields->>'stale_ms' as double) as s, try_cast(fields->>'age_ws_rx_ms' as double) as ws, try_cast(fields->>'age_data_rx_ms' as double) as data,
           try_cast(fields->>'age_book_event_ms' as double) as book, try_cast(fields->>'age_published_ms' as double) as published
    from lines where family in ('audit_ws_msg', 'audit_freshness') and reason in ('stale_watchdog', 'read_timeout', 'post_publish_transport_gap')
),
truth as (
    select venue, log_no, file_no, line, try_cast(fields->>'age_apply_ms' as double) as apply, try_cast(fields->>'age_event_ms' as double) as event, try_cast(fields->>'venue_state_stale_ms' as double) as limit_ms,
           coalesce(try_cast(fields->>'ext_apply_frozen_total' as double), 0) as frozen, coalesce(try_cast(fields->>'ext_future_total' as double), 0) as future
    from lines where family = 'audit_runner_truth'
),
classed as (
    select e.venue, case when s > 0 and ws < s / 2 and data >= s and book >= s and published >= s then 'no_data_transport_gap'
                         when s > 0 and data < s / 2 and (book >= s or published >= s) then 'data_seen_no_publish'
                         when s > 0 and published < s / 2 and apply >= limit_ms and (frozen > 0 or frozen_before) then 'runner_freeze_apply_gap'
                         when s > 0 and future > 0 and event < s / 2 and apply >= limit_ms then 'future_timestamp_deferral'
                         else 'unclassified' end as class
    from (select *, exists (select 1 from lines f where f.family = 'runner_freeze' and f.venue = e.venue and f.log_no = e.log_no and (f.file_no, f.line) < (e.file_no, e.line)) as frozen_before
          from exits e) e
    asof left join truth t on e.venue = t.venue and e.log_no = t.log_no and (e.file_no, e.line) >= (t.file_no, t.line)
),
instrumented_venues as (select distinct venue from run_log_events where family in ('audit_ws_msg', 'audit_freshness'))
select v.venue as scope, 'defects.' || k.class as metric, case when any_value(t.venue) is not null then count_if(coalesce(c.class = k.class, false)) end as value,
       count(c.class) as n, 'exact' as bound, value as low, value as high, case when value is null then 'not instrumented' end as note
from run_venues v, (values ('no_data_transport_gap'), ('data_seen_no_publish'), ('runner_freeze_apply_gap'), ('future_timestamp_deferral'), ('unclassified')) as k (class)
left join classed c on c.venue = v.venue left join instrumented_venues t on t.venue = v.venue
group by v.venue, k.class
