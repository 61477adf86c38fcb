-- Tell steps of the wall clock from stalls among the gaps that do not go back. Parameter: $requested_ms.
-- A stall lets every clock go on; after a step the clocks of the venues and of the process show that no time passed.
create or replace temp table open_gap as
select g.*, step_ms > 1000 as large, coalesce(lead(seq) over (partition by life, large order by seq), 9223372036854775807) as next_gap_seq
from clock_gap g where not is_step;

create or replace temp table gap_evidence as
with
grown as (
    select g.*, a.age_apply_ms, a.age_apply_ms - b.age_apply_ms as grown_ms
    from open_gap g join venue_tick a on a.seq = g.seq join venue_tick b on b.seq = g.before_seq and b.venue = a.venue
    where a.age_apply_ms > b.age_apply_ms
),
-- An apply age that grows by about one tick over a large gap: no book was applied between, and the process counted one tick.
one_tick as (select distinct seq from grown where large and grown_ms between expected_ms / 2 and expected_ms * 3 / 2),
-- An age that began before the gap grows by the time that passed, if the process measures it by another clock than that of the records.
passed as (
    select seq from grown where age_apply_ms > greatest(gap_ms, expected_ms) + 50
    group by seq, step_ms having bool_and((gap_ms - grown_ms) / step_ms between 0.75 and 1.25)
),
-- The smallest event ages around the gap, those of newly arrived events. After a step, on an exchange's clock, they hold the
-- step; after a stall they are as before. A venue that brings nothing new tells nothing.
around as (
    select seq as gap_seq, before_seq, life, large, step_ms, unnest(range(before_seq - 40, least(seq + 41, next_gap_seq))) as near_seq
    from (from open_gap where large or abs(step_ms) >= 300
          -- Records that are written at events have many gaps; the largest are most likely steps.
          qualify large or row_number() over (partition by large order by abs(step_ms) desc, seq) <= 100)
),
events as (
    select gap_seq, large, step_ms, v.venue, v.seq >= gap_seq as after, v.age_event_ms, o.known_ms - v.age_event_ms as event_ms
    from around g join venue_tick v on v.seq = near_seq join ordered_tick o on o.seq = near_seq and o.life = g.life
    where v.age_event_ms < 1000000000 and o.known_ms is not null and (near_seq <= before_seq or near_seq >= gap_seq)
),
arrived as (
    select gap_seq, venue, large, step_ms, (min(age_event_ms) filter (after) - min(age_event_ms) filter (not after)) / step_ms as grown,
           max(event_ms) filter (after) - min(event_ms) filter (after) >= 50 as moves_after,
           max(event_ms) filter (not after) - min(event_ms) filter (not after) >= 50 as moved_before
    from events group by gap_seq, venue, large, step_ms
),
votes as (
    -- Paradex events carry the time of their receipt on this host's clock.
    select gap_seq as seq, any_value(large) as large, count_if(moves_after and grown >= 0.75) as for_step,
           count_if(moves_after and moved_before and grown <= 0.25 and venue <> 'paradex') as for_stall,
           count_if(moves_after and moved_before and grown between 0.75 and 1.25 and venue <> 'paradex') as for_small_step,
           count_if(moves_after and moved_before and venue <> 'paradex') as voters
    from arrived group by gap_seq
),
-- A small gap is as likely a slow tick: all venues must show the same step.
told as (select seq from votes where if(large, for_step > for_stall, for_small_step >= 2 and for_small_step = voters)),
-- After a stall of ten minutes no socket is left that brings a book in the first tick.
lively as (
    select g.seq from open_gap g join venue_tick v using (seq)
    where g.step_ms >= 600000 and v.age_event_ms <= 5000 and coalesce(v.age_apply_ms <= 5000, not has_apply_age)
    group by g.seq having count(*) >= 2
),
-- The duration of a tick, and the standstill that our own connectors state, are by the monotonic clock; the columns are
-- absent where only ages are read.
worked as (
    select g.seq, coalesce(max(try_cast(to_json(r)->>'total_us' as bigint)) >= 500 * any_value(gap_ms), false)
                  or coalesce(max(try_cast(to_json(r)->>'stood_still_ms' as bigint)) > 0, false) as stalled
    from (select seq, gap_ms, unnest([seq, before_seq]) as tick_seq from open_gap where large or seq in (from told)) g
    join tick r on r.seq = g.tick_seq group by g.seq
)
select g.seq, large, g.step_ms, coalesce(stalled, false) as stalled, p.seq is not null or (
           not coalesce(stalled, false) and (o.seq is not null or l.seq is not null or v.seq is not null)) as is_step
from open_gap g left join passed p using (seq) left join one_tick o using (seq) left join told v using (seq) left join lively l using (seq)
left join worked using (seq);

-- A run that was to last $requested_ms did not last longer: if it does by its clock, the largest gaps are steps.
create or replace temp table found_step as
with total as (
    select sum(span_ms) - coalesce((select sum(step_ms) from clock_gap g where g.is_step), 0)
               - coalesce((select sum(step_ms) from gap_evidence e where e.is_step), 0) as run_ms,
           1.1 * $requested_ms + 30000 as limit_ms
    from (select arg_max(known_ms, seq) - arg_min(known_ms, seq) as span_ms from ordered_tick where known_ms is not null group by life)
),
open as (
    select seq, step_ms, sum(step_ms) over (order by step_ms desc, seq) - step_ms as larger_ms, sum(step_ms) over () as all_ms
    from gap_evidence where large and not is_step and not stalled
)
select seq from gap_evidence where is_step
union all
select seq from open, total where run_ms - all_ms <= limit_ms and run_ms - larger_ms > limit_ms;

update clock_gap set is_step = true where seq in (from found_step);
drop table open_gap;
drop table gap_evidence;
drop table found_step;
