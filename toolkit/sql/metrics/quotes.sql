-- title: Quotes and what they are made of
-- unit: usd
-- better: none
-- figures: <venue>.quotes.edge_usd.p50 <venue>.quotes.edge_usd.p95 <venue>.quotes.edge_usd.p99 <venue>.quotes.edge_usd.max <venue>.quotes.edge_usd.mean <venue>.quotes.half_spread_usd.p50 <venue>.quotes.half_spread_usd.p95 <venue>.quotes.half_spread_usd.p99 <venue>.quotes.half_spread_usd.max <venue>.quotes.half_spread_usd.mean <venue>.quotes.basis_usd.mean_abs <venue>.quotes.funding_usd.mean_abs <venue>.quotes.inventory_usd.mean_abs
-- definition: Over the quote levels of the venue, both sides, those without a price too: the edge expected of the quote, its distance from the reservation price, and the mean size, without sign, of the terms that move that price (the producer's analyzer prints the signed means under this name).
-- source: telemetry quote_levels
with levels as (select unnest(quote_levels, recursive := true) from run_ticks),
sorted as (
    select venue_id as venue, 'edge_usd' as name, list(edge_local order by edge_local) as l, favg(edge_local) as mean
    from levels where edge_local is not null group by venue_id
    union all
    select venue_id, 'half_spread_usd', list(delta_final order by delta_final), favg(delta_final)
    from levels where delta_final is not null group by venue_id
),
terms as (
    select venue_id as venue, unnest(['basis_usd', 'funding_usd', 'inventory_usd']) as name,
           unnest([favg(abs(basis_adj_usd)), favg(abs(funding_adj_usd)), favg(abs(inventory_term_usd))]) as mean,
           unnest([count(basis_adj_usd), count(funding_adj_usd), count(inventory_term_usd)]) as n
    from levels group by venue_id
),
told as (
    select v.venue, m.name || '.' || stat as stat, case stat when 'mean' then mean else percentile(l, p) end as value, len(l) as n
    from run_venues v cross join (values ('edge_usd'), ('half_spread_usd')) as m (name)
    left join sorted s on s.venue = v.venue and s.name = m.name
    cross join (values ('p50', 50), ('p95', 95), ('p99', 99), ('max', 100), ('mean', 0)) as stats (stat, p)
    union all
    select v.venue, m.name || '.mean_abs', t.mean, t.n
    from run_venues v cross join (values ('basis_usd'), ('funding_usd'), ('inventory_usd')) as m (name)
    left join terms t on t.venue = v.venue and t.name = m.name
)
select venue as scope, 'quotes.' || stat as metric, value, coalesce(n, 0) as n, 'exact' as bound, value as low, value as high,
       case when value is null then 'no quote level recorded' end as note
from told
