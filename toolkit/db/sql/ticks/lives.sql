-- List the records with their lives and known times. A life ends where `t` falls. An equal `t` is a duplicate record, not a
-- new life.
create or replace temp table ordered_tick as
select seq, t, file_no, line, known_ms, sum(fell) over (order by seq rows unbounded preceding)::integer as life
from (
    select seq, t, file_no, line, case when not at_is_estimate then at_ms end as known_ms,
           coalesce(t < lag(t) over (order by seq), false)::integer as fell
    from tick
);

-- Gaps that a step of the wall clock can explain: they differ by 100 ms or more from the time that the ticks between take.
-- A clock that goes back has stepped; the other gaps need evidence (ticks/clock_steps.sql). Expected is the median gap per tick of the life, times the number of ticks; a duplicate takes no time.
create or replace temp table clock_gap as
with gaps as (
    select *, known_ms - lag(known_ms) over same as gap_ms, t - lag(t) over same as ticks, lag(seq) over same as before_seq
    from ordered_tick where known_ms is not null window same as (partition by life order by seq)
),
medians as (
    select life, coalesce(median(gap_ms) filter (gap_ms >= 0), 0) as median_ms, greatest(median(ticks), 1) as median_ticks
    from gaps where gap_ms is not null group by life
)
select seq, life, t, file_no, line, known_ms, before_seq, gap_ms, round(median_ms * ticks / median_ticks)::bigint as expected_ms,
       gap_ms - expected_ms as step_ms, gap_ms < 0 as is_step
from gaps join medians using (life) where gap_ms < 0 or abs(step_ms) >= 100;

-- Apply ages as recorded, of the records whose age in `venue_tick` differs from it.
create table if not exists recorded_age (seq bigint, venue varchar, age_ms bigint);

-- Ages that a step back may have made too small, with the largest that they can be (ticks/doubted_ages.sql).
create or replace table doubted_age (seq bigint, venue varchar, highest_ms bigint);
-- Steps between two lives (ticks/life_steps.sql): `seq` is the first record after, `at_least` is true where the size is a lower limit.
create or replace table life_step (seq bigint, step_ms bigint, at_least boolean);
