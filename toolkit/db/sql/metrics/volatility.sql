-- title: Modelled and realised volatility
-- unit: number
-- better: none
-- figures: run.vol.short.p50 run.vol.short.p95 run.vol.short.p99 run.vol.short.max run.vol.short.mean run.vol.long.p50 run.vol.long.p95 run.vol.long.p99 run.vol.long.max run.vol.long.mean run.vol.effective.p50 run.vol.effective.p95 run.vol.effective.p99 run.vol.effective.max run.vol.effective.mean run.vol.regime_ratio.p50 run.vol.regime_ratio.p95 run.vol.regime_ratio.p99 run.vol.regime_ratio.max run.vol.regime_ratio.mean run.vol.realised_per_tick run.vol.realised_annual run.vol.realised_to_model
-- definition[vol.short.*]: The model's short-term volatility (log returns, per tick).
-- definition[vol.long.*]: The model's long-term volatility (log returns, per tick).
-- definition[vol.effective.*]: The model's effective volatility (log returns, per tick).
-- definition[vol.regime_ratio.*]: The model's clipped ratio of short-term to long-term volatility.
-- definition[vol.realised_per_tick]: Standard deviation s of the log returns of the fair value between neighbouring records of a life that both have it available.
-- definition[vol.realised_annual]: s · √(365 · 86 400 000 ms / Δ), where s is the standard deviation per tick and Δ the measured mean time between the records with an available fair value; markets never close, so a year has 365 days. The producer's analyzer assumes 4 ticks per second and 252 days.
-- definition[vol.realised_to_model]: Standard deviation of the log returns of the fair value, per tick, divided by the median of the short-term volatility.
-- definition: For the realised volatility, the producer's analyzer uses a placeholder price for the first return.
-- source: telemetry fv_short_vol, fv_long_vol, sigma_eff, regime_ratio, fair_value, fv_available
with modelled as (
    select unnest(['short', 'long', 'effective', 'regime_ratio']) as name, unnest([fv_short_vol, fv_long_vol, sigma_eff, regime_ratio]) as amount
    from run_ticks
),
summed as (select name, percentiles(list(amount)) as p, count(*) as n, favg(amount) as mean from modelled where amount is not null group by name),
available as (select seq, life, at_ms, case when fv_available and fair_value > 0 then fair_value end as fair_usd from run_ticks),
stepped as (
    select ln(fair_usd / lag(fair_usd) over same) as r, at_ms - lag(at_ms) over same as gap_ms
    from available window same as (partition by life order by seq)
),
realised as (
    select stddev_pop(r) as s, count(r) as returns, favg(gap_ms) filter (where r is not null) as mean_gap_ms from stepped
),
results as (
    select n.name || '.' || stat as stat, case stat when 'mean' then mean else p[i] end as value, coalesce(s.n, 0) as n
    from (values ('short'), ('long'), ('effective'), ('regime_ratio')) as n (name) left join summed s on s.name = n.name
    cross join (values ('p50', 1), ('p95', 2), ('p99', 3), ('max', 4), ('mean', 0)) as stats (stat, i)
    union all
    select stat, case when returns > 1 then amount end, returns
    from realised, lateral (values ('realised_per_tick', s), ('realised_annual', s * sqrt(365 * 86400000.0 / nullif(mean_gap_ms, 0))),
                                   ('realised_to_model', s / nullif((select p[1] from summed where name = 'short'), 0))) as v (stat, amount)
)
select 'run' as scope, 'vol.' || stat as metric, value, n, 'exact' as bound, value as low, value as high,
       case when value is null and stat like 'realised%' then 'fewer than three successive fair values, or no record times or model volatility'
            when value is null then 'no record carries this field' end as note
from results
