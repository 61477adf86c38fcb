-- row: downtime
-- reads: log, telemetry
-- needs: downtimes
select d.*, (low_ms + high_ms) / 2 as ms, ended_file_no * 1000000000000 + ended_line as ord, null::double as weight,
       list_filter(list_distinct([{file_no: ended_file_no, line: ended_line}, f.at]), lambda r: r is not null) as refs
from run_downtimes d join run_session_bounds s using (life, venue, session)
left join lateral (
    select min({file_no: e.file_no, line: e.line}) as at from run_all_log_events e
    where e.venue = s.venue and e.life = s.life and e.family = 'ws_first_book' and (e.file_no, e.line) > (s.ended_file_no, s.ended_line)
) f on true
where venue = $scope
