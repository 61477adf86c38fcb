-- row: stretch
-- reads: telemetry
-- needs: book_faults
select s.*, first_seq as ord, null::double as weight, list_distinct([{file_no: f.file_no, line: f.line}, {file_no: l.file_no, line: l.line}]) as refs
from run_book_stretches s join run_ticks f on f.seq = first_seq join run_ticks l on l.seq = last_seq where s.venue = $scope
