-- row: life
-- reads: rx_stats, telemetry
select l.*, null as venue, life as ord, null::double as weight,
       [{file_no: l.file_no, line: l.line}, (select max_by({file_no: t.file_no, line: t.line}, seq) from run_ticks t where t.life = l.life)] as refs
from run_last_ticks l
