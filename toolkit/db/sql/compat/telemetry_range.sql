-- Number of records of one telemetry file, with its first and last tick and time. Parameters: $run_key, $file_no.
select count(*) as rows,
       (select count(*) from set_aside_line where run_key = $run_key and file_no = $file_no and reason = 'no_tick') as without_tick,
       arg_min(t, seq) as first_tick, arg_max(t, seq) as last_tick,
       arg_min(at_ms, seq) filter (where not at_is_estimate) as first_ms,
       arg_max(at_ms, seq) filter (where not at_is_estimate) as last_ms
from tick where run_key = $run_key and file_no = $file_no
