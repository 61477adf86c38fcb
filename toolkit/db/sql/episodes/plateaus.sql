-- Plateaus: stretches with an age above a limit, per venue, requested limit, and kind of age.
-- A stretch begins at the first tick's time minus its age. One tick is enough. An unknown age neither starts nor ends one.
-- A hole in the records (more than five median gaps) ends it.
create or replace table run_plateaus as
with holed as materialized (
    -- `elapsed_ms` never falls, so a clock that steps back does not shorten a stretch.
    select seq, life, at_ms, sum((hole_before > 0)::integer) over same as part, if(at_ms is null, null, sum(greatest(at_ms - before_ms, 0)) over same) as elapsed_ms
    from (select seq, life, at_ms, lag(hole_ms, 1, 0) over same as hole_before, lag(at_ms, 1, at_ms) over same as before_ms from run_ticks
          window same as (partition by life order by seq))
    window same as (partition by life order by seq)
),
part_ends as (select life, part, arg_max(at_ms, seq) as last_ms, max(elapsed_ms) as last_elapsed_ms, part = max(part) over (partition by life) as is_last
              from holed group by life, part),
-- Of a block of 1000 ticks whose ages are all at or below the limits, only the first and last known ages are needed.
blocks as materialized (
    select venue, seq // 1000 as block, max(age_apply_ms) as max_apply_ms, max(age_event_ms) filter (not bogus) as max_event_ms,
           [min(seq) filter (age_apply_ms is not null), max(seq) filter (age_apply_ms is not null)] as apply_edges,
           [min(seq) filter (not bogus), max(seq) filter (not bogus)] as event_edges
    from (select *, age_event_ms >= 1000000000 as bogus from run_venue_ticks) group by all
),
lowest as (select min(limit_ms) as limit_ms from run_plateau_limits),
block_ages as (
    select 'apply' as basis, venue, block, max_apply_ms > limit_ms as any_above, apply_edges as edges from blocks, lowest
    union all select 'event', venue, block, max_event_ms > limit_ms, event_edges from blocks, lowest
),
needed as (
    select basis, venue, unnest(range(1000 * block, 1000 * block + 1000)) as seq from block_ages where any_above
    union all select distinct basis, venue, unnest(edges) from block_ages where not any_above
),
ages as (
    select basis, venue, h.life, part, seq, h.at_ms, elapsed_ms, if(basis = 'apply', age_apply_ms, age_event_ms) as age_ms
    from run_venue_ticks join needed using (venue, seq) join holed h using (seq) where age_ms < 1000000000 or basis = 'apply' and age_ms is not null
),
-- Known ages numbered within their part, so that successive ages above a limit have consecutive numbers.
known as (
    select *, row_number() over same as place, lead(at_ms) over same as next_ms,
           lead(elapsed_ms) over same as next_elapsed_ms, lead(age_ms) over same as next_age_ms
    from ages
    window same as (partition by basis, venue, life, part order by seq)
),
above as (
    select *, place = 1 and part > 0 as after_hole,
           place - row_number() over (partition by basis, venue, life, part, limit_ms order by seq) as stretch
    from known join run_plateau_limits on age_ms > limit_ms
)
select basis, venue, limit_ms, life,
       arg_min(case when after_hole then a.at_ms else a.at_ms - age_ms end, a.seq) as from_ms,
       max(case when next_age_ms > limit_ms then null else coalesce(next_ms, e.last_ms) end) as to_ms,
       max(case when next_age_ms > limit_ms then null else coalesce(next_elapsed_ms, e.last_elapsed_ms) end)
           - arg_min(case when after_hole then elapsed_ms else elapsed_ms - age_ms end, a.seq) as length_ms,
       count(*) as ticks,
       bool_or(next_ms is null and e.is_last) as open,
       bool_or(after_hole) or bool_or(next_ms is null and not e.is_last) as cut_by_hole
from above a join part_ends e using (life, part)
group by basis, venue, limit_ms, life, a.part, stretch;
