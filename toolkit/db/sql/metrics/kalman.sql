-- title: Kalman filter of the fair value
-- unit: number
-- better: none
-- figures: run.kalman.variance.p50:lower run.kalman.variance.p95:lower run.kalman.variance.p99:lower run.kalman.variance.max:lower run.kalman.variance.mean:lower run.kalman.log_price.p50 run.kalman.log_price.p95 run.kalman.log_price.p99 run.kalman.log_price.max run.kalman.log_price.mean run.healthy_venues_used.p50:higher run.healthy_venues_used.min:higher run.healthy_venues_used.mean:higher
-- definition[kalman.variance.*]: Variance of the state of the Kalman filter.
-- definition[kalman.log_price.*]: State of the Kalman filter: the natural logarithm of the price.
-- definition[healthy_venues_used.*]: Number of venues that fed the Kalman filter.
-- definition: All records count. Until the first measurement the state is that of a placeholder price.
-- source: telemetry kf_p, kf_x_hat, healthy_venues_used_count
with samples as (
    select unnest(['kalman.variance', 'kalman.log_price', 'healthy_venues_used']) as name,
           unnest([kf_p, kf_x_hat, healthy_venues_used_count::double]) as amount
    from run_ticks
),
summed as (select name, percentiles(list(amount)) as p, count(*) as n, favg(amount) as mean, min(amount) as lowest from samples where amount is not null group by name)
select 'run' as scope, n.name || '.' || stat as metric, case stat when 'mean' then mean when 'min' then lowest else p[i] end as value,
       coalesce(s.n, 0) as n, 'exact' as bound, value as low, value as high, case when value is null then 'no record carries this field' end as note
from (values ('kalman.variance'), ('kalman.log_price'), ('healthy_venues_used')) as n (name) left join summed s on s.name = n.name
cross join (values ('min', 0), ('p50', 1), ('p95', 2), ('p99', 3), ('max', 4), ('mean', 0)) as stats (stat, i)
where case when n.name = 'healthy_venues_used' then stat in ('min', 'p50', 'mean') else stat <> 'min' end
