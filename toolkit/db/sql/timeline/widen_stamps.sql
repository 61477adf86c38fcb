-- Set the time of a line with a coarse stamp to the middle of the stamp's range, with half of it as the error.
-- Parameter: $run_key.
update log_event set at_ms = at_ms + error_ms, at_error_ms = error_ms
from stamp_resolution r
where run_key = $run_key and log_event.file_no = r.file_no and error_ms > 0 and at_ms is not null;
