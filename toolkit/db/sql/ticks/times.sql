-- Set life, time and weight of each tick, after all records are read.
-- A life ends where `t` falls. An equal `t` is a duplicate record, not a new life.
create or replace temp table ordered_tick as
with lives as (
    select *, sum(fell) over (order by seq rows unbounded preceding)::integer as life
    from (select seq, t, at_ms, coalesce(t < lag(t) over (order by seq), false)::integer as fell from tick)
),
-- A record without a wall-clock time gets one by linear interpolation between its neighbours in the same life.
neighbours as (
    select *,
           last_value(case when at_ms is not null then seq end ignore nulls) over before as seq_0,
           last_value(at_ms ignore nulls) over before as at_0,
           first_value(case when at_ms is not null then seq end ignore nulls) over after as seq_1,
           first_value(at_ms ignore nulls) over after as at_1
    from lives
    window before as (partition by life order by seq rows between unbounded preceding and current row),
           after as (partition by life order by seq rows between current row and unbounded following)
)
select seq, life, at_ms is null as at_is_estimate,
       coalesce(at_ms, round(at_0 + (at_1 - at_0)::double * (seq - seq_0) / (seq_1 - seq_0))::bigint, at_0, at_1) as at_ms
from neighbours;

-- The weight of a tick is the time to the next, at most five median gaps. The last tick of a life weighs one median gap.
create or replace temp table timed_tick as
with gaps as (
    -- A clock that steps back gives weight 0. `greatest` alone would turn the null of the last tick into 0.
    select *, lead(at_ms) over (partition by life order by seq) - at_ms as step_ms,
           case when step_ms is not null then greatest(step_ms, 0) end as gap_ms
    from ordered_tick
),
medians as (select life, median(gap_ms) as median_ms from gaps group by life)
select seq, life, at_ms, at_is_estimate,
       case when gap_ms is null then median_ms else least(gap_ms, 5 * median_ms) end as weight_ms,
       case when gap_ms > 5 * median_ms then gap_ms - 5 * median_ms else 0 end as hole_ms
from gaps join medians using (life);

update tick set life = o.life, at_ms = o.at_ms, at_is_estimate = o.at_is_estimate, weight_ms = o.weight_ms, hole_ms = o.hole_ms
from timed_tick o where tick.seq = o.seq;
update venue_tick set life = o.life, at_ms = o.at_ms, weight_ms = o.weight_ms
from timed_tick o where venue_tick.seq = o.seq;

drop table ordered_tick;
drop table timed_tick;

-- Placeholders of venues get their names from the last record that names the venues.
update venue_tick set venue = coalesce(getvariable('venue_names')[-1][venue[2:]::integer + 1], 'venue_' || venue[2:])
where venue[1] = '?';
