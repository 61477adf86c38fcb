-- What the telemetry alone says of a run. Bound: $run_key.
with spans as (
    select life, min(at_ms) as from_ms, max(at_ms) as to_ms from tick where run_key = $run_key group by life
),
killed as (
    select kill_reason, file_no, line from tick where run_key = $run_key and kill_switch order by seq limit 1
)
select min(from_ms) as started_ms, max(to_ms) as ended_ms, sum(to_ms - from_ms)::bigint as observed_ms,
       count(*)::integer as lives,
       (select count(*) from tick where run_key = $run_key) as records,
       (select bool_or(has_apply_age) from venue_tick where run_key = $run_key) as applies,
       (select bool_or(not has_apply_age) from venue_tick where run_key = $run_key) as events_only,
       (select execution_mode from tick where run_key = $run_key and execution_mode is not null order by seq limit 1) as execution_mode,
       (select kill_reason from killed) as kill_reason, (select file_no from killed) as kill_file, (select line from killed) as kill_line
from spans
