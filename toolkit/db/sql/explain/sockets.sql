-- row: socket
-- reads: log
with ends as (
    -- A silent end is known by the next connecting line only.
    select *, case when ended_line is null then [] when len(lines) > 0 then list_transform(lines, lambda l: {file_no: ended_file_no, line: l})
                   else [{file_no: ended_file_no, line: ended_line}] end as end_refs,
           [{file_no: file_no, line: began_line}] as begin_refs
    from run_all_sessions where $scope in (venue, 'run')
),
connected as (
    select life, venue, session, row_number() over same - 1 as nth, coalesce(lag(reason) over same, 'unknown') as ended_before,
           lag(end_refs) over same as end_refs_before, lag(session) over same as session_before
    from ends where reached <> 'connecting' window same as (partition by life, venue order by session)
)
select e.*, nth, ended_before, session_before, list_distinct(coalesce(end_refs_before, []) || begin_refs) as reconnect_refs,
       case reached when 'connecting' then 0 when 'connected' then 1 when 'subscribed' then 2 when 'first_message' then 3 else 4 end as step,
       (e.file_no * 1000000000000 + began_line) as ord, null::double as weight, begin_refs as refs
from ends e left join connected using (life, venue, session)
