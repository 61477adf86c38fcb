-- True if a telemetry file has a blank line or records of more than one life. Parameters: $run_key, $file_no.
select exists (select 1 from set_aside_line where run_key = $run_key and file_no = $file_no and reason = 'blank')
    or (select count(distinct life) > 1 from tick where run_key = $run_key and file_no = $file_no)
