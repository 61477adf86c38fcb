-- title: Price dispersion across venues
-- unit: usd
-- better: lower
-- figures: run.dispersion_usd.p50 run.dispersion_usd.p95 run.dispersion_usd.p99 run.dispersion_usd.max run.dispersion_usd.mean run.dispersion_usd.n_excluded:count <venue>.fair_deviation_usd.p50 <venue>.fair_deviation_usd.p95 <venue>.fair_deviation_usd.p99 <venue>.fair_deviation_usd.max <venue>.fair_deviation_usd.mean <venue>.fair_deviation_usd.n_excluded:count
-- definition[dispersion_usd.n_excluded]: Number of records with fewer than two Healthy venues that have a mid.
-- definition[fair_deviation_usd.n_excluded]: Number of records in which the venue is not Healthy or has no mid, or the fair value is not available.
-- definition[dispersion_usd.*]: Highest minus lowest mid of the Healthy venues, over the records with at least two of them.
-- definition[fair_deviation_usd.*]: Absolute difference between a Healthy venue's mid and the fair value, over the records in which the fair value is available.
-- definition: A mid of 0 means that there is no book. Prices are in USD.
-- source: telemetry venue_mid_usd, venue_status, fair_value, fv_available
with healthy as (select seq, venue, mid_usd from run_venue_ticks where status = 'Healthy' and mid_usd > 0),
apart as (
    select 'run' as scope, 'dispersion_usd' as name, max(mid_usd) - min(mid_usd) as usd from healthy group by seq having count(*) >= 2
    union all
    select venue, 'fair_deviation_usd', abs(mid_usd - fair_value) from healthy join run_ticks using (seq) where fv_available and fair_value > 0
),
summed as (select scope, name, percentiles(list(usd)) as p, count(*) as n, favg(usd) as mean from apart group by scope, name),
carried as (select count(mid_usd) > 0 and count(status) > 0 as has_venues from run_venue_ticks),
named as (
    select 'run' as scope, 'dispersion_usd' as name, has_venues as carries, count(seq) as records from carried left join run_ticks on true group by has_venues
    union all
    select venue, 'fair_deviation_usd', has_venues and count(fv_available) > 0, count(seq) from run_venues, carried left join run_ticks on true group by venue, has_venues
)
select n.scope, n.name || '.' || stat as metric, case stat when 'mean' then mean when 'n_excluded' then if(carries, records - coalesce(s.n, 0), null) else p[i] end as value,
       if(stat = 'n_excluded', records, coalesce(s.n, 0)) as n, 'exact' as bound, value as low, value as high,
       case when value is null and stat = 'n_excluded' then 'no record carries the fields' when value is null and n.scope = 'run' then 'no record has two Healthy venues with a mid'
            when value is null then 'no record has this venue Healthy with a mid and a fair value available' end as note
from named n left join summed s on s.scope = n.scope and s.name = n.name
cross join (values ('p50', 1), ('p95', 2), ('p99', 3), ('max', 4), ('mean', 0), ('n_excluded', 0)) as stats (stat, i)
