-- title: Price, spread and depth
-- unit: usd
-- better: none
-- figures: <venue>.mid_usd.p50 <venue>.mid_usd.p95 <venue>.mid_usd.p99 <venue>.mid_usd.max <venue>.mid_usd.mean <venue>.mid_usd.n_excluded:count <venue>.spread_usd.p50:lower <venue>.spread_usd.p95:lower <venue>.spread_usd.p99:lower <venue>.spread_usd.max:lower <venue>.spread_usd.mean:lower <venue>.spread_usd.n_excluded:count <venue>.depth_usd.p50:higher <venue>.depth_usd.p95:higher <venue>.depth_usd.p99:higher <venue>.depth_usd.max:higher <venue>.depth_usd.mean:higher <venue>.depth_usd.n_excluded:count
-- definition[mid_usd.n_excluded]: Number of records whose mid is excluded: it is 0 (no book), or the field is absent.
-- definition[spread_usd.n_excluded]: Number of records whose spread is excluded: it is 0 (no book, or a locked one), negative (a crossed book), or absent.
-- definition[depth_usd.n_excluded]: Number of records whose depth is excluded: it is 0 (one side empty), or the field is absent.
-- definition[mid_usd.*]: Middle of the best bid and ask (USD), over the records that have one; a mid of 0 (no book) is excluded.
-- definition[spread_usd.*]: Difference between the best ask and the best bid (USD); a spread of 0 (locked, or no book) and a negative one (crossed) are excluded.
-- definition[depth_usd.*]: Value of the best bid and ask levels (USD); a depth of 0 (one side empty) is excluded.
-- definition: The producer's analyzer includes the zeros of spread and depth. The time of such books is in book.crossed, book.locked and book.one_sided.
-- source: telemetry venue_mid_usd, venue_spread_usd, venue_depth_near_mid_usd
with summed as (
    select venue, 'mid_usd' as name, percentiles(list(mid_usd)) as p, count(*) as n, favg(mid_usd) as mean from run_venue_ticks where mid_usd > 0 group by venue
    union all
    select venue, 'spread_usd', percentiles(list(spread_usd)), count(*), favg(spread_usd) from run_venue_ticks where spread_usd > 0 group by venue
    union all
    select venue, 'depth_usd', percentiles(list(depth_usd)), count(*), favg(depth_usd) from run_venue_ticks where depth_usd > 0 group by venue
),
fields as (
    from (select venue, count(*) as records, count(mid_usd) as mid_usd, count(spread_usd) as spread_usd, count(depth_usd) as depth_usd from run_venue_ticks group by venue)
    unpivot (carried for name in (mid_usd, spread_usd, depth_usd))
)
select v.venue as scope, n.name || '.' || stat as metric, case stat when 'mean' then mean when 'n_excluded' then if(carried > 0, records - coalesce(s.n, 0), null) else p[i] end as value,
       if(stat = 'n_excluded', coalesce(records, 0), coalesce(s.n, 0)) as n, 'exact' as bound, value as low, value as high,
       case when value is null then 'no record of this venue carries this field' end as note
from run_venues v cross join (values ('mid_usd'), ('spread_usd'), ('depth_usd')) as n (name)
left join summed s on s.venue = v.venue and s.name = n.name left join fields f on f.venue = v.venue and f.name = n.name
cross join (values ('p50', 1), ('p95', 2), ('p99', 3), ('max', 4), ('mean', 0), ('n_excluded', 0)) as stats (stat, i)
