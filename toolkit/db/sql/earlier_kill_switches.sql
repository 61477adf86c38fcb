-- First record with the kill switch on, for each life except the last.
select file_no, arg_min(line, seq) as line, arg_min(kill_reason, seq) as reason
from tick where kill_switch and life < (select max(life) from tick) group by life, file_no order by min(seq)
