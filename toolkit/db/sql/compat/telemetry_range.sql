-- Number of records of one telemetry file, with its first and last tick and recorded time. Parameters: $run_key, $file_no.
with steps as (select seq, offset_ms from clock_step where run_key = $run_key),
edges as (
    select count(*) as rows, arg_min(t, seq) as first_tick, arg_max(t, seq) as last_tick,
           arg_min(at_ms, seq) filter (where not at_is_estimate) as first_ms, min(seq) filter (where not at_is_estimate) as first_seq,
           arg_max(at_ms, seq) filter (where not at_is_estimate) as last_ms, max(seq) filter (where not at_is_estimate) as last_seq
    from tick where run_key = $run_key and file_no = $file_no
)
select rows, (select count(*) from set_aside_line where run_key = $run_key and file_no = $file_no and reason = 'no_tick')
           + (select coalesce(sum(lines), 0) from set_aside_rest where run_key = $run_key and file_no = $file_no and reason = 'no_tick')
               as without_tick,
       first_tick, last_tick, first_ms + coalesce(f.offset_ms, 0) as first_ms, last_ms + coalesce(l.offset_ms, 0) as last_ms
from edges asof left join steps f on f.seq <= first_seq asof left join steps l on l.seq <= last_seq
