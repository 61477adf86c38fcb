-- Shared drop: all connected venues lose their sockets within one second. The cause is this host or its network. Where no
-- line has a time, the ends of all are close together in the log and nobody connects between them.
insert into episode by name
with placed as (
    select b.*, log_no, b.file_no * 1000000000000 + began_line as began_at, ended_file_no * 1000000000000 + ended_line as ended_at,
           coalesce(ended_error_ms <= 1000, false) as timed
    from run_session_bounds b join run_log_parts using (file_no)
),
sessions as (from placed where reached <> 'connecting'),
venues as (select life, log_no, venue from sessions group by all),
several as (select life, log_no from venues group by all having count(*) >= 2),
ended as (
    select s.* from sessions s semi join several using (life, log_no) semi join run_sessions_ended using (life, venue, session)
    where not silent and reason is not null
),
firsts as (
    select e.life, e.log_no, e.venue, e.session, e.ended_at, e.ended_line, e.ended_ms, e.timed, c.began_at as next_at
    from ended e asof left join placed c on e.life = c.life and e.log_no = c.log_no and e.ended_at <= c.began_at
),
-- The session of each venue that was open when the first one ended, and true if it ended with it.
beside as (
    select f.venue as first, f.session as number, f.ended_at as first_at, f.timed as first_timed, f.ended_ms as first_ms, s.*,
           case when s.ended_at is null then false
                when f.timed and s.silent then s.ended_low_ms <= f.ended_ms + 1000 and s.ended_high_ms - s.ended_low_ms <= 4000
                when f.timed and s.timed then s.ended_ms <= f.ended_ms + 1000
                else not s.silent and s.ended_at - f.ended_at <= 60 and s.ended_at < coalesce(f.next_at, s.ended_at + 1) end as dropped
    from (select f.*, v.venue as other from firsts f join venues v using (life, log_no)) f
    asof join sessions s on f.life = s.life and f.log_no = s.log_no and f.other = s.venue and f.ended_at >= s.began_at
    where s.ended_at is null or s.ended_at >= f.ended_at
),
drops as (
    select b.life, first, number, min(first_at) as first_at, min(first_ms) filter (first_timed) as from_ms,
           max(ended_ms) filter (first_timed and not silent) as to_ms, count(*) as n, count_if(not silent) as seen,
           list(b.venue order by b.venue) as names, list(b.venue || ' ' || session) as ids,
           list('[' || to_json(file) || ', ' || ended_line || ']' order by ended_at) as lines
    from beside b left join run_files f on f.file_no = b.ended_file_no group by b.life, first, number having bool_and(dropped)
)
select 1 as run_key, 'run' as venue, 'shared_drop' as kind, from_ms, to_ms, array_to_string(names, ', ') as class, null as reason, []::varchar[] as flags,
       '[' || array_to_string(lines, ', ') || ']' as lines
from drops d
where n >= 2 and 2 * n >= (select count(distinct venue) from venues v where v.life = d.life) and seen >= 2 and not exists (
    select 1 from drops e where e.life = d.life and e.first_at < d.first_at and list_contains(e.ids, d.first || ' ' || d.number));
