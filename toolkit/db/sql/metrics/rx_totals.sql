-- title: Market events drained and forwarded
-- unit: count
-- better: none
-- figures: run.rx.drained run.rx.l2_delta run.rx.l2_snapshot run.rx.trade run.rx.funding run.rx.out run.rx.drained_per_s:1/s run.rx.l2_delta_per_s:1/s run.rx.l2_snapshot_per_s:1/s run.rx.trade_per_s:1/s run.rx.funding_per_s:1/s run.rx.out_per_s:1/s
-- definition[rx.drained]: Market events that the runner drained, of all kinds: the total.
-- definition[rx.drained_per_s]: Market events that the runner drained, of all kinds, per second of the covered time.
-- definition[rx.l2_delta]: Changes of books that the runner drained: the total.
-- definition[rx.l2_delta_per_s]: Changes of books that the runner drained, per second of the covered time.
-- definition[rx.l2_snapshot]: Whole books that the runner drained: the total.
-- definition[rx.l2_snapshot_per_s]: Whole books that the runner drained, per second of the covered time.
-- definition[rx.trade]: Trades that the runner drained: the total.
-- definition[rx.trade_per_s]: Trades that the runner drained, per second of the covered time.
-- definition[rx.funding]: Funding updates that the runner drained: the total.
-- definition[rx.funding_per_s]: Funding updates that the runner drained, per second of the covered time.
-- definition[rx.out]: Market events left after coalescing: the total.
-- definition[rx.out_per_s]: Market events left after coalescing, per second of the covered time.
-- definition: The market_rx lines and the telemetry hold the same counts; the more complete of the two is used. The producer does not count the event that wakes the runner early.
-- source: market_rx_stats lines; telemetry market_rx_stats
with rx as (
    select 1 as rank, count(*) as n, sum(raw_drained) as drained, sum(raw_l2_delta) as l2_delta, sum(raw_l2_snapshot) as l2_snapshot,
           sum(raw_trade) as trade, sum(raw_funding_update) as funding, sum(out_market) as out_events,
           coalesce(max(step), 1) > 1 or count(*) - count_if(step = 0) < (select ticks from run_known_ticks) as skips
    from run_rx_steps
),
telemetry as (
    select 2 as rank, count(drained) as n, sum(drained) as drained, sum(l2_delta) as l2_delta, sum(l2_snapshot) as l2_snapshot, sum(trade) as trade,
           sum(funding_update) as funding, sum(out_market) as out_events,
           count(drained) < count(*) or (select skips from run_known_ticks) as skips
    from run_ticks
),
counted as (from rx union all from telemetry),
chosen as (select * from counted order by n desc, rank limit 1),
spans as (select sum(s) / 1000.0 as span_s from (select max(at_ms) - min(at_ms) as s from run_ticks group by life))
select 'run' as scope, 'rx.' || key || suffix as metric, case when suffix = '' then amount else amount / nullif(span_s, 0) end as value, n,
       case when skips then 'lower' else 'exact' end as bound, value as low, case when not skips then value end as high,
       case when n = 0 then 'no market_rx line and no copy in telemetry' when amount is null then 'no record holds this count'
            when value is null then 'no telemetry, so the covered time is not known' when skips then 'the counts of some ticks are missing' end as note
from chosen, spans, (values (''), ('_per_s')) as f (suffix),
     lateral (values ('drained', drained), ('l2_delta', l2_delta), ('l2_snapshot', l2_snapshot), ('trade', trade), ('funding', funding), ('out', out_events)) as v (key, amount)
