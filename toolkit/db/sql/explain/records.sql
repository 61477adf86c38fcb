-- row: record
-- reads: telemetry
select *, null as venue, seq as ord, weight_ms as weight, [{file_no: file_no, line: line}] as refs,
       t - lag(t) over (partition by life order by seq) as step, row_number() over (partition by life order by seq) as nth
from run_ticks
