-- Sessions with lower and upper bounds of the time of each of their lines. A silent end lies between the last evidence of
-- the session (log or telemetry) and the next connecting line.
create or replace table run_session_bounds as
with ordered as (
    select life, venue, session, lead(began_ms - began_error_ms) over same as next_low_ms, lead(began_ms + began_error_ms) over same as next_high_ms,
           lead(session) over same is not null as retried
    from run_all_sessions window same as (partition by life, venue order by session)
),
-- A last book less than 10 s before the next connecting line counts as the socket's; an earlier one may be from REST.
applied as (
    select distinct life, venue, at_ms - age_apply_ms as applied_ms from run_venue_ticks, run_lives_agree where agree and age_apply_ms is not null
),
-- Few columns are sorted, and joined with the others afterwards.
placed as (
    select o.*, applied_ms from ordered o asof left join applied a on a.life = o.life and a.venue = o.venue and a.applied_ms <= o.next_low_ms
)
select s.* exclude (lines, detail), next_low_ms, next_high_ms, retried, began_ms - began_error_ms as began_low_ms,
       began_ms + began_error_ms as began_high_ms, first_book_ms - first_book_error_ms as first_book_low_ms,
       first_book_ms + first_book_error_ms as first_book_high_ms, coalesce(first_book_low_ms, began_low_ms) as seen_low_ms,
       case when not silent then ended_ms - ended_error_ms
            when next_low_ms - applied_ms < 10000 then greatest(seen_low_ms, applied_ms - 600) else seen_low_ms end as ended_low_ms,
       case when silent then next_high_ms else ended_ms + ended_error_ms end as ended_high_ms
from run_all_sessions s join placed using (life, venue, session);

-- Downtimes: from the end of a session that had a book to the next first book, or to the end of the life.
create or replace table run_downtimes as
with life_ends as (
    select life, max(at_ms) as at_ms from (
        select life, at_ms from run_ticks union all select life, at_ms + at_error_ms from run_all_log_events
    ) group by life
),
booked as (
    select *, lead(first_book_low_ms) over same as back_low_ms, lead(first_book_high_ms) over same as back_high_ms,
           lead(session) over same is null as last
    from run_session_bounds where reached = 'first_book' window same as (partition by life, venue order by session)
)
select b.life, venue, session, last as open,
       not_below_zero(case when last then e.at_ms else back_low_ms end - ended_high_ms) as low_ms,
       not_below_zero(case when last then e.at_ms else back_high_ms end - ended_low_ms) as high_ms
from booked b semi join run_sessions_ended using (life, venue, session) left join life_ends e using (life);
