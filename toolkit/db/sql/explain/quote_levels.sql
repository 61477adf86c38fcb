-- row: quote level
-- reads: telemetry
select life, null as venue, seq * 1000 + row_number() over (partition by seq) as ord, null::double as weight, refs, l.*
from (select seq, life, [{file_no: file_no, line: line}] as refs, unnest(quote_levels) as l from run_ticks) where l.venue_id = $scope
