-- row: socket
-- reads: log
-- needs: downtimes
select b.*, not_below_zero(first_book_low_ms - began_high_ms) as low_ms, first_book_high_ms - began_low_ms as high_ms,
       file_no * 1000000000000 + began_line as ord, null::double as weight,
       list_distinct([{file_no: file_no, line: began_line}, coalesce(f.at, {file_no: file_no, line: began_line})]) as refs
from run_session_bounds b
left join lateral (
    select min({file_no: e.file_no, line: e.line}) as at from run_all_log_events e
    where e.venue = b.venue and e.life = b.life and e.family = 'ws_first_book' and (e.file_no, e.line) >= (b.file_no, b.began_line)
) f on true
where b.venue = $scope
