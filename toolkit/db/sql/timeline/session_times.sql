-- Copy the run's sessions and the episodes of its sockets from their temporary tables, with the times of their lines.
-- A reconnect lies between a session that was connected and the next one of its venue and life; its lines are those of the
-- end and the next connecting line. Parameters: $run_key, $names: the names of the files, in JSON.
create or replace temp table dated_line as
    with requested as (
        select file_no, began_line as line from socket_session
        union select unnest(first_book) from socket_session
        union select unnest(ended) from socket_session
        union select unnest(refs[1]) from socket_incident)
    select file_no, line, any_value(at_ms) as at_ms, any_value(at_error_ms) as error_ms
    from log_event semi join requested using (file_no, line)
    where run_key = $run_key and at_ms is not null group by file_no, line;

insert into session by name
    select $run_key as run_key, s.* exclude (lines, ended, first_book, closed_with),
           list_transform(lines, lambda each: each.line) as lines,
           s.ended.file_no as ended_file_no, s.ended is not null and len(lines) = 0 as silent,
           began.at_ms as began_ms, began.error_ms as began_error_ms,
           book.at_ms as first_book_ms, book.error_ms as first_book_error_ms,
           ended.at_ms as ended_ms, ended.error_ms as ended_error_ms
    from socket_session as s
    left join dated_line as began on began.file_no = s.file_no and began.line = s.began_line
    left join dated_line as book on book.file_no = s.first_book.file_no and book.line = s.first_book.line
    -- A silent end is known only by the next connecting line, whose time is not the end's.
    left join dated_line as ended
        on ended.file_no = s.ended.file_no and ended.line = s.ended.line and len(s.lines) > 0
    order by s.rowid;

insert into episode by name
    with reconnect as (
        select rowid as number, venue, file_no, began_line, first_book,
               lag(struct_pack(lines, reason, closed_with, ended)) over (
                   partition by life, venue order by rowid) as before
        from socket_session where reached <> 'connecting')
    select $run_key as run_key, r.venue, 'reconnect' as kind, start.at_ms as from_ms,
           coalesce(book.at_ms, began.at_ms) as to_ms, 'venue closed: ' || before.closed_with as class, before.reason,
           []::varchar[] as flags,
           '[' || array_to_string(list_transform(
               list_append(before.lines, {'file_no': r.file_no::varchar, 'line': r.began_line}),
               lambda each: '[' || $names[each.file_no::integer + 1] || ', ' || each.line || ']'), ', ') || ']' as lines
    from reconnect as r
    left join dated_line as start
        on start.file_no = before.ended.file_no and start.line = before.ended.line and len(before.lines) > 0
    left join dated_line as book on book.file_no = r.first_book.file_no and book.line = r.first_book.line
    left join dated_line as began on began.file_no = r.file_no and began.line = r.began_line
    where before is not null
    order by r.number;

insert into episode by name
    select $run_key as run_key, venue, kind, at_ms as from_ms, at_ms as to_ms, reason, []::varchar[] as flags,
           '[' || array_to_string(list_transform(
               refs, lambda each: '[' || $names[each.file_no + 1] || ', ' || each.line || ']'), ', ') || ']' as lines
    from socket_incident as i left join dated_line as d on d.file_no = refs[1].file_no and d.line = refs[1].line
    order by i.rowid;

drop table dated_line;
drop table socket_session;
drop table socket_incident;
