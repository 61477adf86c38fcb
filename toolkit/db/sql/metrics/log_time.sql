-- title: Log lines with an assigned time
-- unit: ms
-- better: none
-- figures: run.log_time.placed.share:share run.log_time.error_ms.p50 run.log_time.error_ms.max run.log_time.anchors:count run.log_time.anchors_dropped:count
-- definition[log_time.placed.share]: Share of the life-cycle log lines with an assigned time.
-- definition[log_time.error_ms.*]: Half-width of the bounds of the time assigned to a life-cycle log line (ms).
-- definition[log_time.anchors]: Log lines with time evidence, from which other lines get their times.
-- definition[log_time.anchors_dropped]: Log lines with time evidence that were set aside because they contradict the order of the lines.
-- source: run log: timestamps, arrival times, ticks, venues' timestamps, timers, and the order of lines
with placed as (
    select count(*) as n, count(at_ms) as placed, coalesce(list(at_error_ms order by at_error_ms) filter (at_ms is not null), []) as errors
    from run_log_events where family like 'ws_%' or family like 'end_%'
),
anchored as (select count(*) as anchors, count_if(not used) as dropped from run_anchors),
results as (
    select unnest([
        {'metric': 'placed.share', 'value': case when n > 0 then placed / n end, 'n': n},
        {'metric': 'error_ms.p50', 'value': percentile(errors, 50), 'n': placed},
        {'metric': 'error_ms.max', 'value': list_max(errors), 'n': placed},
        {'metric': 'anchors', 'value': case when n > 0 then anchors end, 'n': anchors},
        {'metric': 'anchors_dropped', 'value': case when n > 0 then dropped end, 'n': anchors}
    ], recursive := true)
    from placed, anchored
)
select 'run' as scope, 'log_time.' || metric as metric, value, n, 'exact' as bound, value as low, value as high,
       case when value is not null then null when not has_lifecycle then 'no life-cycle line in the log' else 'no line carries time evidence' end as note
from results, run_log_proof
