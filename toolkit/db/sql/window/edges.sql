-- Uncertainty at the window's edges: whether any log line has a time, and per venue the largest error of a line near an edge.
select (select count(*) > 0 from run_all_log_events where at_ms is not null) as placed,
       (select has_lifecycle from run_log_proof) as has_lifecycle,
       (select coalesce(map(list(venue), list(error_ms)), map([]::varchar[], []::bigint[])) from (
            select venue, max(l.error_ms) as error_ms from run_all_log_events e join window_line l using (file_no, line)
            where near and venue is not null and (family not like 'audit_%' or family = 'audit_reconnect') group by venue
        )) as near
