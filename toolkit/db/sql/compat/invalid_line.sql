-- First line of a telemetry file that is not a single JSON value. Parameters: $run_key, $file_no.
select min(line) from (
    select line from set_aside_line
    where run_key = $run_key and file_no = $file_no and reason in ('malformed', 'torn_tail', 'torn_inside', 'too_long')
    union all
    select line from tick where run_key = $run_key and file_no = $file_no group by line having count(*) > 1
)
