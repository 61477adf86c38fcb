-- row: record
-- reads: telemetry
-- lists: venues
select v.*, limit_ms, fv_available, fair_value, v.seq as ord, v.weight_ms as weight, [{file_no: r.file_no, line: r.line}] as refs
from run_venue_ticks v join run_ticks r using (seq) join run_stale_limits using (venue) where $scope in (v.venue, 'run')
