-- Watchdog off: the client runs on recorded frames and says that nothing reconnects a silent socket.
insert into episode by name
select 1 as run_key, e.venue, 'watchdog_off' as kind, min(at_ms) as from_ms, null as to_ms, null as class, null as reason, []::varchar[] as flags,
       '[' || array_to_string(list('[' || to_json(file) || ', ' || line || ']' order by file_no, line), ', ') || ']' as lines
from run_log_events e join run_files using (file_no) where family = 'watchdog_off' group by e.venue, life;
