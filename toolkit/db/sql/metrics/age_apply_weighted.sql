-- title: Apply age, time-weighted
-- unit: ms
-- better: lower
-- figures: <venue>.age_apply_tw_ms.p50 <venue>.age_apply_tw_ms.p95 <venue>.age_apply_tw_ms.p99
-- definition: Time-weighted percentile of the apply age (ms): the smallest age at which it and all smaller ages together cover the given share of the time with a known age. A tick that an event wakes samples fresh moments more often; the time weight corrects for that.
-- source: telemetry venue_age_ms
with cumulated as (
    select venue, age_apply_ms, sum(sum(weight_ms)) over (partition by venue order by age_apply_ms) as reached,
           sum(sum(weight_ms)) over (partition by venue) as total, sum(count(*)) over (partition by venue) as n
    from run_venue_ticks where age_apply_ms is not null group by venue, age_apply_ms
)
select r.venue as scope, 'age_apply_tw_ms.' || stat as metric, min(age_apply_ms) filter (where reached >= share * total) as value,
       coalesce(max(n), 0) as n, 'exact' as bound, value as low, value as high,
       case when value is null and max(n) > 0 then 'no record carries a time' when value is null then 'no apply age known' end as note
from run_venues r left join cumulated c using (venue), (values ('p50', 0.5), ('p95', 0.95), ('p99', 0.99)) as stats (stat, share)
group by r.venue, stat
