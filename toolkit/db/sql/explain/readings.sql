-- row: reading
-- reads: log, events
select c.*, coalesce(role = 'events', false) as by_event, c.file_no * 1000000000000 + c.line as ord, null::double as weight,
       [{file_no: c.file_no, line: c.line}] as refs,
       lag(value) over same as before, lead(value) over same as after
from run_counters c left join run_files f using (file_no) where $scope in (venue, 'run')
window same as (partition by life, venue, name, c.kind, role = 'events' order by c.file_no, c.line)
