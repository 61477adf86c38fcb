-- title: Changes of the mid
-- unit: bps
-- better: none
-- figures: <venue>.mid_step_bps.p50 <venue>.mid_step_bps.p95 <venue>.mid_step_bps.p99 <venue>.mid_step_bps.max <venue>.mid_step_bps.mean <venue>.mid_step_bps.n_excluded:count <venue>.mid_jumps:count:lower
-- definition[mid_jumps]: Number of changes of the mid above 50 bps from one record to the next of the same life.
-- definition[mid_step_bps.*]: Absolute change of the mid from one record to the next of the same life, in basis points of the earlier mid.
-- definition: Records without a mid (0) are skipped; n_excluded is their number.
-- source: telemetry venue_mid_usd
with steps as (
    select venue, mid_usd, lag(mid_usd) over (partition by venue, life order by seq) as previous_usd from run_venue_ticks where mid_usd > 0
),
moved as (select venue, abs(mid_usd - previous_usd) / previous_usd * 10000 as bps from steps where previous_usd is not null),
summed as (select venue, percentiles(list(bps)) as p, count(*) as n, favg(bps) as mean, count_if(bps > 50) as jumps from moved group by venue)
select v.venue as scope, stat as metric,
       case stat when 'mid_jumps' then jumps when 'mid_step_bps.n_excluded' then excluded when 'mid_step_bps.mean' then mean else p[i] end as value,
       if(stat = 'mid_step_bps.n_excluded', coalesce(records, 0), coalesce(n, 0)) as n, 'exact' as bound, value as low, value as high,
       case when value is not null then null when stat = 'mid_step_bps.n_excluded' then 'no record of this venue carries this field' else 'fewer than two records with a mid' end as note
from run_venues v left join summed using (venue)
left join (select venue, count(*) as records, if(count(mid_usd) > 0, count(*) - count_if(mid_usd > 0), null) as excluded from run_venue_ticks group by venue) using (venue),
     (values ('mid_step_bps.p50', 1), ('mid_step_bps.p95', 2), ('mid_step_bps.p99', 3), ('mid_step_bps.max', 4),
             ('mid_step_bps.mean', 0), ('mid_step_bps.n_excluded', 0), ('mid_jumps', 0)) as stats (stat, i)
