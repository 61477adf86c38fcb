-- title: Sessions that ended without a book
-- unit: count
-- better: lower
-- figures: <venue>.bootstrap.no_first_frame <venue>.bootstrap.frame_no_book <venue>.bootstrap.<class>
-- definition[bootstrap.no_first_frame]: Connected sessions that ended before a message arrived.
-- definition[bootstrap.frame_no_book]: Connected sessions that ended after a message, but before their first book.
-- definition[bootstrap.<class>]: Connected sessions that ended before their first book for a cause that the build itself logs (book_no_publish, control_frame_only_…).
-- definition: A session with a logged cause counts under that class only. Sessions still open at the end of a life are excluded.
-- source: run log, life-cycle lines; WS_AUDIT component=bootstrap_timeout
with stated as (
    select venue, replace(coalesce(fields->>'reason', reason), 'bootstrap_', '') as class, life, log_no, file_no, line
    from run_log_events join run_log_parts using (file_no) where family = 'audit_bootstrap_timeout'
),
-- A logged cause belongs to the session whose lines enclose it; the last one of a session counts.
ended as (
    select s.venue, coalesce(
               (select max_by(class, (t.file_no, t.line)) from stated t where t.venue = s.venue and t.life = s.life and t.log_no = s.log_no
                and (t.file_no, t.line) >= (s.file_no, s.began_line) and (t.file_no, t.line) <= (s.ended_file_no, s.ended_line)),
               case when reached = 'first_message' then 'frame_no_book' when reached <> 'first_book' then 'no_first_frame' end) as class
    from (select * from run_disconnected join run_log_parts using (file_no)) s
),
counts as (select venue, class, count(*) as n from ended group by all),
named as (select unnest(['no_first_frame', 'frame_no_book']) as class union select class from stated)
select v.venue as scope, 'bootstrap.' || c.class as metric,
       case when any_value(has_lifecycle) then coalesce(sum(e.n) filter (e.class = c.class), 0)::bigint end as value, coalesce(sum(e.n), 0)::bigint as n,
       'exact' as bound, value as low, value as high,
       case when value is null and not any_value(has_log) then any_value(why_no_log) when value is null then 'no life-cycle line in the log' end as note
from run_venues v, named c, run_log_proof left join counts e on e.venue = v.venue
where c.class in ('no_first_frame', 'frame_no_book') or exists (select 1 from stated t where t.venue = v.venue and t.class = c.class)
group by v.venue, c.class
