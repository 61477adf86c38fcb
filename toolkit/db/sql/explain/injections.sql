-- row: record
-- reads: telemetry
select r.*, venue, seq as ord, r.weight_ms as weight, [{file_no: file_no, line: line}] as refs,
       injected[venue_index + 1] - lag(injected[venue_index + 1], 1, 0) over (partition by life order by seq) as rise
from run_ticks r, run_venues where venue = $scope
