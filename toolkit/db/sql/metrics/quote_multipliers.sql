-- title: Quote multipliers
-- unit: number
-- better: none
-- figures: run.quotes.spread_mult.p50 run.quotes.spread_mult.p95 run.quotes.spread_mult.p99 run.quotes.spread_mult.max run.quotes.spread_mult.mean run.quotes.size_mult.p50 run.quotes.size_mult.p95 run.quotes.size_mult.p99 run.quotes.size_mult.max run.quotes.size_mult.mean
-- definition[quotes.spread_mult.*]: Factor by which volatility scales spreads.
-- definition[quotes.size_mult.*]: Factor by which volatility scales sizes.
-- definition: A record holds one pair, for all venues and both sides. Records before February 2026 do not carry them.
-- source: telemetry shadow_spread_mult, shadow_size_mult
with samples as (
    select unnest(['spread_mult', 'size_mult']) as name, unnest([shadow_spread_mult, shadow_size_mult]) as mult from run_ticks
),
sorted as (select name, list(mult order by mult) as l, favg(mult) as mean from samples where mult is not null group by name)
select 'run' as scope, 'quotes.' || n.name || '.' || stat as metric, case stat when 'mean' then mean else percentile(l, p) end as value,
       coalesce(len(l), 0) as n, 'exact' as bound, value as low, value as high, case when value is null then 'no record carries this field' end as note
from (values ('spread_mult'), ('size_mult')) as n (name) left join sorted s on s.name = n.name
cross join (values ('p50', 50), ('p95', 95), ('p99', 99), ('max', 100), ('mean', 0)) as stats (stat, p)
