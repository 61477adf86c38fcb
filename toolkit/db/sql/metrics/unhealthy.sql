-- title: Stretches that are not Healthy
-- unit: count
-- better: lower
-- figures: <venue>.unhealthy.stretches <venue>.unhealthy.longest_ticks:number <venue>.unhealthy.longest_ms:ms
-- definition: Stretches of records of one life whose status is not Healthy (Warning, Stale or Disabled): how many, and the longest in ticks and in time, each tick weighing the time to the next. A stretch that the end of a life leaves open counts.
-- source: telemetry venue_status
with known as (select venue, count(status) as n from run_venue_ticks group by venue),
unhealthy as (
    select venue, life, seq, weight_ms, coalesce(lag(status) over (partition by venue, life order by seq) = 'Healthy', false) as begins
    from run_venue_ticks where status is not null qualify status <> 'Healthy'
),
marked as (select *, sum(begins::integer) over (partition by venue, life order by seq) as stretch from unhealthy),
stretches as (select venue, count(*) as ticks, sum(weight_ms) as ms from marked group by venue, life, stretch),
counted as (
    select venue, count(ticks) as stretches, coalesce(max(ticks), 0) as longest_ticks, coalesce(max(ms), 0) as longest_ms
    from run_venues left join stretches using (venue) group by venue
)
select c.venue as scope, 'unhealthy.' || stat as metric, case when n > 0 then amount end as value, coalesce(n, 0) as n,
       'exact' as bound, value as low, value as high, case when value is null then 'no status recorded' end as note
from counted c left join known using (venue),
     lateral (values ('stretches', stretches), ('longest_ticks', longest_ticks), ('longest_ms', longest_ms)) as v (stat, amount)
