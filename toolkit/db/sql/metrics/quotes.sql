-- title: Quotes and their price terms
-- unit: usd
-- better: none
-- figures: <venue>.quotes.edge_usd.p50 <venue>.quotes.edge_usd.p95 <venue>.quotes.edge_usd.p99 <venue>.quotes.edge_usd.max <venue>.quotes.edge_usd.mean <venue>.quotes.half_spread_usd.p50 <venue>.quotes.half_spread_usd.p95 <venue>.quotes.half_spread_usd.p99 <venue>.quotes.half_spread_usd.max <venue>.quotes.half_spread_usd.mean <venue>.quotes.basis_usd.mean_abs <venue>.quotes.funding_usd.mean_abs <venue>.quotes.inventory_usd.mean_abs
-- definition[quotes.edge_usd.*]: Expected edge of a quote.
-- definition[quotes.half_spread_usd.*]: Distance of a quote from the reservation price.
-- definition[quotes.basis_usd.mean_abs]: Mean absolute size of the basis term of the reservation price.
-- definition[quotes.funding_usd.mean_abs]: Mean absolute size of the funding term of the reservation price.
-- definition[quotes.inventory_usd.mean_abs]: Mean absolute size of the inventory term of the reservation price.
-- definition: In USD, over all quote levels of the venue, both sides, including levels without a price. The producer's analyzer prints signed means under the names of the terms.
-- source: telemetry quote_levels
with levels as (select unnest(quote_levels) as level from run_ticks),
summed as (
    select level.venue_id as venue, percentiles(list(level.edge_local) filter (level.edge_local is not null)) as edges,
           percentiles(list(level.delta_final) filter (level.delta_final is not null)) as half_spreads,
           favg(level.edge_local) as edge, favg(level.delta_final) as half_spread, favg(abs(level.basis_adj_usd)) as basis,
           favg(abs(level.funding_adj_usd)) as funding, favg(abs(level.inventory_term_usd)) as inventory,
           count(level.edge_local) as n_edges, count(level.delta_final) as n_half_spreads, count(level.basis_adj_usd) as n_basis,
           count(level.funding_adj_usd) as n_funding, count(level.inventory_term_usd) as n_inventory
    from levels group by venue
)
select venue as scope, 'quotes.' || stat as metric, amount as value, coalesce(n, 0) as n, 'exact' as bound, value as low, value as high,
       case when value is null then 'no quote level recorded' end as note
from run_venues left join summed using (venue),
     lateral (values ('edge_usd.p50', edges[1], n_edges), ('edge_usd.p95', edges[2], n_edges), ('edge_usd.p99', edges[3], n_edges),
                     ('edge_usd.max', edges[4], n_edges), ('edge_usd.mean', edge, n_edges),
                     ('half_spread_usd.p50', half_spreads[1], n_half_spreads), ('half_spread_usd.p95', half_spreads[2], n_half_spreads),
                     ('half_spread_usd.p99', half_spreads[3], n_half_spreads), ('half_spread_usd.max', half_spreads[4], n_half_spreads),
                     ('half_spread_usd.mean', half_spread, n_half_spreads), ('basis_usd.mean_abs', basis, n_basis),
                     ('funding_usd.mean_abs', funding, n_funding), ('inventory_usd.mean_abs', inventory, n_inventory)) as stats (stat, amount, n)
