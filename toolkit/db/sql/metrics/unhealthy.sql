-- title: Unhealthy stretches
-- unit: count
-- better: lower
-- figures: <venue>.unhealthy.stretches <venue>.unhealthy.longest_ticks:number <venue>.unhealthy.longest_ms:ms
-- definition[unhealthy.stretches]: Number of stretches of records of one life whose status is Warning, Stale or Disabled.
-- definition[unhealthy.longest_ticks]: Records in the longest stretch of one life whose status is Warning, Stale or Disabled.
-- definition[unhealthy.longest_ms]: Duration of the longest stretch of records of one life whose status is Warning, Stale or Disabled (ms).
-- definition: A tick weighs the time to the next tick. A stretch still open at the end of a life counts.
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
