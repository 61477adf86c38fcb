-- title: Price, spread and depth
-- unit: usd
-- better: none
-- figures: <venue>.mid_usd.p50 <venue>.mid_usd.p95 <venue>.mid_usd.p99 <venue>.mid_usd.max <venue>.mid_usd.mean <venue>.spread_usd.p50:lower <venue>.spread_usd.p95:lower <venue>.spread_usd.p99:lower <venue>.spread_usd.max:lower <venue>.spread_usd.mean:lower <venue>.depth_usd.p50:higher <venue>.depth_usd.p95:higher <venue>.depth_usd.p99:higher <venue>.depth_usd.max:higher <venue>.depth_usd.mean:higher
-- definition: mid_usd: middle of the best bid and ask. spread_usd: their difference. depth_usd: value of the best bid and ask levels. All in USD, over the records that have them. A 0 means no data and is excluded; the producer's analyzer includes it for spread and depth. The time with a depth of 0 is depth_zero.share.
-- source: telemetry venue_mid_usd, venue_spread_usd, venue_depth_near_mid_usd
with summed as (
    select venue, 'mid_usd' as name, percentiles(list(mid_usd)) as p, count(*) as n, favg(mid_usd) as mean from run_venue_ticks where mid_usd > 0 group by venue
    union all
    select venue, 'spread_usd', percentiles(list(spread_usd)), count(*), favg(spread_usd) from run_venue_ticks where spread_usd > 0 group by venue
    union all
    select venue, 'depth_usd', percentiles(list(depth_usd)), count(*), favg(depth_usd) from run_venue_ticks where depth_usd > 0 group by venue
)
select v.venue as scope, n.name || '.' || stat as metric, case stat when 'mean' then mean else p[i] end as value,
       coalesce(s.n, 0) as n, 'exact' as bound, value as low, value as high,
       case when value is null then 'no record of this venue carries this field' end as note
from run_venues v cross join (values ('mid_usd'), ('spread_usd'), ('depth_usd')) as n (name)
left join summed s on s.venue = v.venue and s.name = n.name
cross join (values ('p50', 1), ('p95', 2), ('p99', 3), ('max', 4), ('mean', 0)) as stats (stat, i)
