-- title: Profit and exposure
-- unit: usd
-- better: none
-- figures: run.pnl_total.final:higher run.pnl_total.min:higher run.pnl_total.max:higher run.pnl_total.max_drawdown:lower run.pnl_realised.final:higher run.dollar_delta_usd.p50 run.dollar_delta_usd.p95 run.dollar_delta_usd.p99 run.dollar_delta_usd.max run.dollar_delta_usd.mean run.dollar_delta_usd.max_abs:lower run.position.p50:number run.position.p95:number run.position.p99:number run.position.max:number run.position.mean:number run.position.max_abs:number:lower
-- definition[pnl_total.final]: Total profit at the last record (the producer's analyzer prints the highest profit under that name). It counts from the start of a process, so this is that of the last life.
-- definition[pnl_realised.final]: Realised profit at the last record. It counts from the start of a process, so this is that of the last life.
-- definition[pnl_total.min]: Lowest total profit of any record; it counts from the start of each process.
-- definition[pnl_total.max]: Highest total profit of any record; it counts from the start of each process.
-- definition[pnl_total.max_drawdown]: Largest fall of the total profit below an earlier high of the same life.
-- definition[dollar_delta_usd.max_abs]: Largest absolute exposure (USD), of the signed sum over all venues.
-- definition[position.max_abs]: Largest absolute position (base asset), of the signed sum over all venues.
-- definition[dollar_delta_usd.*]: Exposure (USD): the signed sum over all venues.
-- definition[position.*]: Position in the base asset: the signed sum over all venues.
-- source: telemetry pnl_total, pnl_realised, dollar_delta_usd, q_global_tao
with drawdowns as (select max(pnl_total) over (partition by life order by seq) - pnl_total as drawdown_usd from run_ticks),
profit as (
    select arg_max(pnl_total, seq) filter (where pnl_total is not null) as total, min(pnl_total) as lowest, max(pnl_total) as highest,
           arg_max(pnl_realised, seq) filter (where pnl_realised is not null) as realised, (select max(drawdown_usd) from drawdowns) as drawdown,
           count(pnl_total) as n, count(pnl_realised) as n_realised
    from run_ticks
),
exposed as (
    select unnest(['dollar_delta_usd', 'position']) as name, unnest([dollar_delta_usd, q_global_tao]) as amount from run_ticks
),
summed as (select name, percentiles(list(amount)) as p, count(*) as n, favg(amount) as mean, max(abs(amount)) as furthest from exposed where amount is not null group by name),
results as (
    select v.* from profit, lateral (values ('pnl_total.final', total, n), ('pnl_total.min', lowest, n), ('pnl_total.max', highest, n),
                                            ('pnl_total.max_drawdown', drawdown, n), ('pnl_realised.final', realised, n_realised)) as v (metric, value, n)
    union all
    select e.name || '.' || stat, case stat when 'mean' then mean when 'max_abs' then furthest else p[i] end, coalesce(s.n, 0)
    from (values ('dollar_delta_usd'), ('position')) as e (name) left join summed s on s.name = e.name
    cross join (values ('p50', 1), ('p95', 2), ('p99', 3), ('max', 4), ('mean', 0), ('max_abs', 0)) as stats (stat, i)
),
modes as (
    select bool_and(execution_mode = 'shadow') and not coalesce(bool_or(pnl_total <> 0 or q_global_tao <> 0 or len(fills) > 0), false) as idle,
           max(life) > min(life) as lives
    from run_ticks
)
select 'run' as scope, metric, value, n, 'exact' as bound, value as low, value as high,
       case when value is null then 'no record carries this field' when idle and value = 0 then 'cannot move: shadow mode fills no order'
            when lives and metric like '%.final' then 'value of the last life' end as note
from results, modes
