-- Stretches of an age above a limit, per venue, for each limit asked for and each of the two ages.
-- A stretch begins when the age says it did, one tick is enough, an unknown age neither ends nor starts one,
-- and a hole in the records (more than five median gaps) ends it.
create or replace table run_plateaus as
with holed as materialized (
    select seq, life, at_ms, sum((hole_before > 0)::integer) over (partition by life order by seq) as part
    from (select seq, life, at_ms, lag(hole_ms, 1, 0) over (partition by life order by seq) as hole_before from run_ticks)
),
part_ends as (select life, part, max(at_ms) as last_ms, part = max(part) over (partition by life) as is_last
              from holed group by life, part),
aged as (
    select 'apply' as basis, venue, seq, seq // 1000 as thousand, age_apply_ms as age_ms
    from run_venue_ticks where age_apply_ms is not null
    union all
    select 'event', venue, seq, seq // 1000, age_event_ms from run_venue_ticks where age_event_ms < 1000000000
),
-- Of a thousand ticks that are all below the limits it is enough to know the first and the last.
thousands as (
    select basis, venue, thousand, min(seq) as first_seq, max(seq) as last_seq,
           max(age_ms) > (select min(limit_ms) from run_plateau_limits) as any_above
    from aged group by all
),
telling as (
    select basis, venue, life, part, seq, at_ms, age_ms
    from aged join thousands using (basis, venue, thousand) join holed using (seq)
    where any_above or seq = first_seq or seq = last_seq
),
-- Known ages by their place in their part; those above a limit that follow each other have their places in a row.
known as (
    select *, row_number() over same as place, lead(at_ms) over same as next_ms, lead(age_ms) over same as next_age_ms
    from telling
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
       count(*) as ticks,
       bool_or(next_ms is null and e.is_last) as open,
       bool_or(after_hole) or bool_or(next_ms is null and not e.is_last) as cut_by_hole
from above a join part_ends e using (life, part)
group by basis, venue, limit_ms, life, a.part, stretch;
