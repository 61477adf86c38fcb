-- Lines with time evidence where clocked lines are more than two seconds apart. Parameters: $run_key, $file_no, $families.
select e.line, e.life, e.family, e.venue, e.fields
from (select * from log_event where run_key = $run_key and file_no = $file_no and list_contains($families, family)) e
asof left join (select * from clocked_line where file_no = $file_no) c on c.line <= e.line
where coalesce(c.ends, true)
order by e.line, e.col
