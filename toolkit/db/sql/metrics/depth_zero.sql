-- title: One side of the book empty
-- unit: share
-- better: lower
-- figures: <venue>.depth_zero.share <venue>.depth_zero.longest_ms:ms
-- definition[depth_zero.share]: Share of time with a depth of 0 (one side of the book is empty, or there is no book yet).
-- definition[depth_zero.longest_ms]: Longest stretch with a depth of 0 (one side of the book is empty, or there is no book yet; ms).
-- definition: A tick weighs the time to the next tick.
-- source: telemetry venue_depth_near_mid_usd
with empty as (
    select venue, life, seq, weight_ms, coalesce(lag(depth_usd) over (partition by venue, life order by seq) <> 0, false) as begins
    from run_venue_ticks where depth_usd is not null qualify depth_usd = 0
),
marked as (select *, sum(begins::integer) over (partition by venue, life order by seq) as stretch from empty),
stretches as (select venue, sum(weight_ms) as ms from marked group by venue, life, stretch),
longest as (select venue, max(ms) as longest_ms from stretches group by venue),
totals as (
    select venue, coalesce(sum(weight_ms) filter (where depth_usd = 0), 0) / sum(weight_ms) as share, count(*) as n
    from run_venue_ticks where depth_usd is not null group by venue
)
select r.venue as scope, 'depth_zero.' || stat as metric, value, coalesce(n, 0) as n, 'exact' as bound, value as low, value as high,
       case when value is null and n > 0 then 'no record carries a time' when value is null then 'no depth recorded' end as note
from run_venues r left join totals using (venue) left join longest using (venue),
     lateral (values ('share', share), ('longest_ms', case when share is not null then coalesce(longest_ms, 0) end)) as v (stat, value)
