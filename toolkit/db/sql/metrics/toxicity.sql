-- title: Markout and toxicity
-- unit: number
-- better: lower
-- figures: <venue>.toxicity.p50 <venue>.toxicity.p95 <venue>.toxicity.p99 <venue>.toxicity.max <venue>.toxicity.mean <venue>.markout_usd.p50:usd:higher <venue>.markout_usd.p95:usd:higher <venue>.markout_usd.p99:usd:higher <venue>.markout_usd.max:usd:higher <venue>.markout_usd.mean:usd:higher
-- definition[toxicity.*]: The record's toxicity score of the venue (0 to 1; 1 where there is no book).
-- definition[markout_usd.*]: Running estimate of a fill's value after a short time (USD per unit of the base asset). Without a fill the estimate stays at its default of 0, so the figure is null.
-- source: telemetry venue_toxicity, venue_markout_ewma_usd_per_tao, fills
with summed as (
    select venue, 'toxicity' as name, percentiles(list(toxicity)) as p, count(*) as n, favg(toxicity) as mean, true as known
    from run_venue_ticks where toxicity is not null group by venue
    union all
    select venue, 'markout_usd', percentiles(list(markout_ewma_usd)), count(*), favg(markout_ewma_usd), bool_or(markout_ewma_usd <> 0) or filled
    from run_venue_ticks, (select coalesce(bool_or(len(fills) > 0), false) as filled from run_ticks) where markout_ewma_usd is not null group by venue, filled
)
select v.venue as scope, n.name || '.' || stat as metric, case when known then case stat when 'mean' then mean else p[i] end end as value,
       coalesce(s.n, 0) as n, 'exact' as bound, value as low, value as high,
       case when not known then 'no fill: the estimate never left its default of 0' when value is null then 'no record carries this field' end as note
from run_venues v cross join (values ('toxicity'), ('markout_usd')) as n (name)
left join summed s on s.venue = v.venue and s.name = n.name
cross join (values ('p50', 1), ('p95', 2), ('p99', 3), ('max', 4), ('mean', 0)) as stats (stat, i)
