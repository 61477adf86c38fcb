-- title: Fair value and its steps
-- unit: bps
-- better: none
-- figures: run.fair_value_step_bps.p50 run.fair_value_step_bps.p95 run.fair_value_step_bps.p99 run.fair_value_step_bps.max run.fair_value_step_bps.mean run.fair_value_jumps:count:lower run.fair_value_usd.p50:usd run.fair_value_usd.p95:usd run.fair_value_usd.p99:usd run.fair_value_usd.max:usd run.fair_value_usd.mean:usd run.fair_value_residual_usd.p50:usd:lower run.fair_value_residual_usd.p95:usd:lower run.fair_value_residual_usd.p99:usd:lower run.fair_value_residual_usd.max:usd:lower run.fair_value_residual_usd.mean:usd:lower
-- definition[fair_value_usd.*]: The fair value where it is available (USD).
-- definition[fair_value_step_bps.*]: Absolute change of the fair value between two neighbouring records of a life that both have one, in basis points of the earlier value.
-- definition[fair_value_jumps]: Number of changes of the fair value of more than 20 bps between two neighbouring records of a life that both have one.
-- definition[fair_value_residual_usd.*]: Absolute difference between the fair value and the median mid of the Healthy venues, where there are at least two (USD).
-- definition: The producer's analyzer includes unavailable values, so each of its runs begins with a jump from a placeholder to the first real price.
-- source: telemetry fair_value, fv_available, venue_mid_usd, venue_status
with available as (select seq, life, case when fv_available and fair_value > 0 then fair_value end as fair_usd from run_ticks),
stepped as (select fair_usd, lag(fair_usd) over (partition by life order by seq) as previous_usd from available),
median_mids as (
    select seq, median(mid_usd) as median_mid_usd from run_venue_ticks where status = 'Healthy' and mid_usd > 0 group by seq having count(*) >= 2
),
samples as (
    select 'fair_value_usd' as name, fair_usd as amount from available where fair_usd is not null
    union all
    select 'fair_value_step_bps', abs(fair_usd - previous_usd) / previous_usd * 10000 from stepped where fair_usd is not null and previous_usd is not null
    union all
    select 'fair_value_residual_usd', abs(fair_usd - median_mid_usd) from available join median_mids using (seq) where fair_usd is not null
),
summed as (select name, percentiles(list(amount)) as p, count(*) as n, favg(amount) as mean, count_if(amount > 20) as jumps from samples group by name)
select 'run' as scope, case stat when 'jumps' then 'fair_value_jumps' else n.name || '.' || stat end as metric,
       case stat when 'mean' then mean when 'jumps' then jumps else p[i] end as value, coalesce(s.n, 0) as n,
       'exact' as bound, value as low, value as high, case when value is null then 'no fair value was available' end as note
from (values ('fair_value_usd'), ('fair_value_step_bps'), ('fair_value_residual_usd')) as n (name) left join summed s on s.name = n.name
cross join (values ('p50', 1), ('p95', 2), ('p99', 3), ('max', 4), ('mean', 0), ('jumps', 0)) as stats (stat, i)
where stat <> 'jumps' or n.name = 'fair_value_step_bps'
