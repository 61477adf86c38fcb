-- List steps of the wall clock between two lives. Parameter: $run_key. The time between is not known, so one is seen only where
-- the clock goes back, or where the event ages of all venues change by the same amount.
insert into life_step
with known as (
    select t.life, t.seq, t.at_ms + coalesce(s.offset_ms, 0) as wall_ms
    from (from tick where run_key = $run_key and not at_is_estimate) t
    asof left join (from clock_step where run_key = $run_key) s on s.life = t.life and s.seq <= t.seq
),
edges as (
    select life, min(seq) as first_seq, max(seq) as last_seq, arg_min(wall_ms, seq) as first_ms, arg_max(wall_ms, seq) as last_ms from known group by life
),
pairs as (
    select first_seq as seq, lag(last_seq) over (order by life) as before_seq, first_ms - lag(last_ms) over (order by life) as gap_ms, life,
           lag(life) over (order by life) as life_before
    from edges qualify before_seq is not null
),
sides as (
    select seq, life, seq as low, seq + 39 as high, true as after from pairs
    union all select seq, life_before, before_seq - 39, before_seq, false from pairs
),
-- The smallest event ages of the 40 records on each side. Paradex events carry the time of their receipt on this host's clock.
arrived as (
    select s.seq, v.venue, min(age_event_ms) filter (after) - min(age_event_ms) filter (not after) as grown_ms
    from sides s join venue_tick v on v.life = s.life and v.seq between low and high
    where age_event_ms < 1000000000 and v.venue <> 'paradex' group by s.seq, v.venue
),
votes as (
    select seq, round(median(grown_ms))::bigint as grown_ms from arrived where grown_ms is not null group by seq
    having count(*) >= 2 and min(abs(grown_ms)) >= 1000 and max(grown_ms) - min(grown_ms) <= abs(median(grown_ms)) / 4
)
select seq, coalesce(grown_ms, gap_ms), grown_ms is null from pairs left join votes using (seq) where grown_ms is not null or gap_ms < 0;
