-- Copy the run's sessions and the episodes of its sockets from their temporary tables, with the times of their lines. The
-- class and the lines of an episode are given. Parameter: $run_key.
create or replace temp table dated_line as
    with requested(file_no, line) as (
        select file_no, began_line from socket_session
        union select first_book_file_no, first_book_line from socket_session
        union select ended_file_no, ended_line from socket_session
        union select from_file_no, from_line from socket_episode
        union select to_file_no, to_line from socket_episode
        union select else_file_no, else_line from socket_episode)
    select file_no, line, any_value(at_ms) as at_ms, any_value(at_error_ms) as error_ms
    from log_event semi join requested using (file_no, line)
    where run_key = $run_key and at_ms is not null group by file_no, line;

insert into session by name
    select $run_key as run_key, s.* exclude (first_book_file_no, first_book_line),
           began.at_ms as began_ms, began.error_ms as began_error_ms,
           book.at_ms as first_book_ms, book.error_ms as first_book_error_ms,
           ended.at_ms as ended_ms, ended.error_ms as ended_error_ms
    from socket_session as s
    left join dated_line as began on began.file_no = s.file_no and began.line = s.began_line
    left join dated_line as book on book.file_no = s.first_book_file_no and book.line = s.first_book_line
    -- A silent end is known only by the next connecting line, whose time is not the end's.
    left join dated_line as ended on ended.file_no = s.ended_file_no and ended.line = s.ended_line and not s.silent
    order by s.rowid;

insert into episode by name
    select $run_key as run_key, venue, kind, start.at_ms as from_ms, coalesce(stop.at_ms, beginning.at_ms) as to_ms,
           class, reason, []::varchar[] as flags, lines
    from socket_episode as e
    left join dated_line as start on start.file_no = from_file_no and start.line = from_line
    left join dated_line as stop on stop.file_no = to_file_no and stop.line = to_line
    left join dated_line as beginning on beginning.file_no = else_file_no and beginning.line = else_line
    order by e.rowid;

drop table dated_line;
drop table socket_session;
drop table socket_episode;
