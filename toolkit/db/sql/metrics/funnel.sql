-- title: Stages reached by sessions
-- unit: count
-- better: none
-- figures: <venue>.funnel.connecting <venue>.funnel.connected <venue>.funnel.subscribed <venue>.funnel.first_message <venue>.funnel.first_book
-- definition[funnel.connecting]: Public socket sessions that began to connect.
-- definition[funnel.connected]: Public socket sessions that reached at least the stage connected.
-- definition[funnel.subscribed]: Public socket sessions that reached at least the stage subscribed.
-- definition[funnel.first_message]: Public socket sessions that reached at least the stage first message.
-- definition[funnel.first_book]: Public socket sessions that reached at least the stage first book.
-- definition: If a venue's client prints no line at a stage, the session passes it with the next stage. A session whose subscription the venue refused reached connected only.
-- source: run log, life-cycle lines
with stages as (select stage, step from (values ('connecting', 0), ('connected', 1), ('subscribed', 2), ('first_message', 3), ('first_book', 4)) as s (stage, step))
select v.venue as scope, 'funnel.' || s.stage as metric,
       case when any_value(has_lifecycle) then coalesce(sum(r.n) filter (r.step >= s.step), 0)::bigint end as value, coalesce(sum(r.n), 0)::bigint as n,
       'exact' as bound, value as low, value as high,
       case when value is null and not any_value(has_log) then any_value(why_no_log) when value is null then 'no life-cycle line in the log' end as note
from run_venues v, stages s, run_log_proof
left join (
    select venue, if(reason = 'subscribe_error' and reached <> 'first_book', least(step, 1), step) as step, count(*) as n
    from run_sessions join stages on stage = reached group by all
) r on r.venue = v.venue
group by v.venue, s.stage
