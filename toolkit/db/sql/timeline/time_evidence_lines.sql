-- Lines with time evidence where clocked lines are more than two seconds apart. Parameters: $run_key, $file_no, $families.
select e.line, e.life, e.family, e.venue, e.fields
from (select * from log_event where run_key = $run_key and file_no = $file_no and list_contains($families, family)) e
asof left join (
    select line, ends from clocked_line where file_no = $file_no
    union all
    -- The last clocked line of the parts before stands before all lines.
    (select 0, ends from clocked_line join adjoining_part p using (file_no) where file_no < $file_no
     and p.log_no = (select log_no from adjoining_part where file_no = $file_no) order by file_no desc, line desc limit 1)
) c on c.line <= e.line
where coalesce(c.ends, true)
order by e.line, e.col
