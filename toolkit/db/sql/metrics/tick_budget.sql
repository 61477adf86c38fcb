-- title: Ticks over budget
-- unit: count
-- better: lower
-- figures: run.ticks_over_us.250 run.ticks_over_us.1000 run.ticks_over_us.5000 run.ticks_over_us.50000 run.order_tx_pending.mean:number run.order_tx_pending.p50:number run.order_tx_pending.p95:number run.order_tx_pending.p99:number run.order_tx_pending.max:number
-- definition[ticks_over_us.250]: Ticks whose total time exceeds 250 µs.
-- definition[ticks_over_us.1000]: Ticks whose total time exceeds 1 000 µs.
-- definition[ticks_over_us.5000]: Ticks whose total time exceeds 5 000 µs.
-- definition[ticks_over_us.50000]: Ticks whose total time exceeds 50 000 µs.
-- definition[order_tx_pending.*]: Order messages waiting to be sent at the end of a tick.
-- source: telemetry tick_timing.total_us, tick_timing.order_tx_pending
with sorted as (
    select coalesce(list(order_tx_pending order by order_tx_pending) filter (where order_tx_pending is not null), []) as l,
           favg(order_tx_pending) as mean, count(total_us) as n from run_ticks
),
over as (
    select 'ticks_over_us.' || budget_us as metric, case when count(total_us) > 0 then count_if(total_us > budget_us) end as value,
           count(total_us) as n
    from (values (250), (1000), (5000), (50000)) as budgets (budget_us) left join run_ticks on true group by budget_us
),
results as (
    select * from over
    union all
    select 'order_tx_pending.' || stat, case stat when 'mean' then mean else percentile(l, p) end, len(l)
    from sorted, (values ('p50', 50), ('p95', 95), ('p99', 99), ('max', 100), ('mean', 0)) as stats (stat, p)
)
select 'run' as scope, metric, value, n, 'exact' as bound, value as low, value as high,
       case when value is null then 'no tick timing recorded; only a program that runs in real time writes it' end as note
from results
