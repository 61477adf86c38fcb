-- title: Steps of the mid
-- unit: bps
-- better: none
-- figures: <venue>.mid_step_bps.p50 <venue>.mid_step_bps.p95 <venue>.mid_step_bps.p99 <venue>.mid_step_bps.max <venue>.mid_step_bps.mean <venue>.mid_jumps:count:lower
-- definition: How far the mid moves from one record to the next of the same life, without sign, in basis points of the former; a record without a mid (0) is passed over. A jump is a step of more than 50 bps.
-- source: telemetry venue_mid_usd
with steps as (
    select venue, mid_usd, lag(mid_usd) over (partition by venue, life order by seq) as former_usd from run_venue_ticks where mid_usd > 0
),
moved as (select venue, abs(mid_usd - former_usd) / former_usd * 10000 as bps from steps where former_usd is not null),
sorted as (select venue, list(bps order by bps) as l, favg(bps) as mean, count_if(bps > 50) as jumps from moved group by venue)
select v.venue as scope, stat as metric,
       case stat when 'mid_jumps' then jumps when 'mid_step_bps.mean' then mean else percentile(l, p) end as value,
       coalesce(len(l), 0) as n, 'exact' as bound, value as low, value as high,
       case when value is null then 'fewer than two records with a mid' end as note
from run_venues v left join sorted using (venue),
     (values ('mid_step_bps.p50', 50), ('mid_step_bps.p95', 95), ('mid_step_bps.p99', 99), ('mid_step_bps.max', 100),
             ('mid_step_bps.mean', 0), ('mid_jumps', 0)) as stats (stat, p)
