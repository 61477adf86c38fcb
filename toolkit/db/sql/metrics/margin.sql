-- title: Margin and distance to liquidation
-- unit: usd
-- better: higher
-- figures: <venue>.margin.use.p50:share:lower <venue>.margin.use.p95:share:lower <venue>.margin.use.p99:share:lower <venue>.margin.use.max:share:lower <venue>.margin.use.mean:share:lower <venue>.margin.available_usd.p50 <venue>.margin.available_usd.p95 <venue>.margin.available_usd.p99 <venue>.margin.available_usd.max <venue>.margin.available_usd.min <venue>.margin.available_usd.mean <venue>.liquidation_sigma.p50:number <venue>.liquidation_sigma.p95:number <venue>.liquidation_sigma.p99:number <venue>.liquidation_sigma.max:number <venue>.liquidation_sigma.min:number <venue>.liquidation_sigma.mean:number
-- definition[margin.use.*]: Margin used divided by the balance, where the balance is above 0.
-- definition[margin.available_usd.*]: Margin still available (USD).
-- definition[liquidation_sigma.*]: Distance to liquidation in standard deviations of the price.
-- definition: A venue whose balance is 0 in all records has no account; its record holds the program's defaults, so the figures are null (the producer's analyzer prints the defaults).
-- source: telemetry venue_margin_used_usd, venue_margin_balance_usd, venue_margin_available_usd, venue_dist_liq_sigma
with uses as (select venue, margin_used_usd / margin_balance_usd as share from run_venue_ticks where margin_balance_usd > 0 and margin_used_usd is not null),
accounts as (select venue, bool_or(margin_balance_usd <> 0) as has_account from run_venue_ticks group by venue),
sorted as (
    select venue, 'margin.use' as name, list(share order by share) as l, favg(share) as mean from uses group by venue
    union all
    select venue, 'margin.available_usd', list(margin_available_usd order by margin_available_usd), favg(margin_available_usd)
    from run_venue_ticks where margin_available_usd is not null group by venue
    union all
    select venue, 'liquidation_sigma', list(dist_liq_sigma order by dist_liq_sigma), favg(dist_liq_sigma)
    from run_venue_ticks where dist_liq_sigma is not null group by venue
)
select v.venue as scope, n.name || '.' || stat as metric, case when has_account is distinct from false then case stat when 'mean' then mean else percentile(l, p) end end as value,
       coalesce(len(l), 0) as n, 'exact' as bound, value as low, value as high,
       case when has_account = false then 'no account: the balance is 0 throughout' when value is null then 'no record carries this field' end as note
from run_venues v cross join (values ('margin.use'), ('margin.available_usd'), ('liquidation_sigma')) as n (name)
left join sorted s on s.venue = v.venue and s.name = n.name
left join accounts a on a.venue = v.venue
cross join (values ('min', 0), ('p50', 50), ('p95', 95), ('p99', 99), ('max', 100), ('mean', 0)) as stats (stat, p)
where stat <> 'min' or n.name <> 'margin.use'
