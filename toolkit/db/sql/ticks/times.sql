-- Set life, time and weight of each tick, after all records are read. Parameter: $run_key.
-- Times go on over a step of the wall clock: the time that the ticks take stands in place of the step. The recorded time is
-- `at_ms` plus the `offset_ms` of the last step.
insert into clock_step by name
select $run_key as run_key, life, seq, t, step_ms, 0 as offset_ms, file_no, line from clock_gap where is_step;
update clock_step set offset_ms = o.offset_ms
from (select seq, sum(step_ms) over (order by seq) as offset_ms from clock_step where run_key = $run_key) o
where clock_step.run_key = $run_key and clock_step.seq = o.seq;

create or replace temp table placed_tick as
with stepped as (
    select seq, life, known_ms - sum(coalesce(step_ms, 0)) over (order by seq rows unbounded preceding) as known_ms
    from ordered_tick left join (select seq, step_ms from clock_gap where is_step) using (seq)
),
-- A record without a wall-clock time gets one by linear interpolation between its neighbours in the same life.
neighbours as (
    select *,
           last_value(case when known_ms is not null then seq end ignore nulls) over before as seq_0,
           last_value(known_ms ignore nulls) over before as at_0,
           first_value(case when known_ms is not null then seq end ignore nulls) over after as seq_1,
           first_value(known_ms ignore nulls) over after as at_1
    from stepped
    window before as (partition by life order by seq rows between unbounded preceding and current row),
           after as (partition by life order by seq rows between current row and unbounded following)
)
select seq, life, known_ms is null as at_is_estimate,
       coalesce(known_ms, round(at_0 + (at_1 - at_0)::double * (seq - seq_0) / (seq_1 - seq_0))::bigint, at_0, at_1)::bigint as at_ms
from neighbours;

-- The weight of a tick is the time to the next, at most five median gaps. The last tick of a life weighs one median gap.
create or replace temp table timed_tick as
with gaps as (select *, lead(at_ms) over (partition by life order by seq) - at_ms as gap_ms from placed_tick),
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
drop table placed_tick;
drop table timed_tick;
