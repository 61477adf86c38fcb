-- Number of records of one telemetry file, with its first and last tick and time. Parameters: $run_key, $file_no.
select count(*) as rows,
       (select count(*) from set_aside_line where run_key = $run_key and file_no = $file_no and reason = 'no_tick') as without_tick,
       arg_min(t, seq) as first_tick, arg_max(t, seq) as last_tick,
       arg_min(recorded_ms, seq) filter (where not at_is_estimate) as first_ms,
       arg_max(recorded_ms, seq) filter (where not at_is_estimate) as last_ms
from (
    select t.*, at_ms + coalesce(offset_ms, 0) as recorded_ms
    from tick t asof left join (select seq, offset_ms from clock_step where run_key = $run_key) c on c.seq <= t.seq
    where run_key = $run_key and file_no = $file_no
)
