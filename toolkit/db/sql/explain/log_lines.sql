-- row: line
-- reads: log
select e.*, file_no * 1000000000000 + line * 100 + col as ord, null::double as weight, [{file_no: file_no, line: line}] as refs
from run_log_events e where $scope in (coalesce(venue, 'run'), 'run')
