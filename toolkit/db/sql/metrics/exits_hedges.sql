-- title: Exits and hedges
-- unit: count
-- better: none
-- figures: run.exits run.exits.ticks run.exits.edge_usd.p50:usd:higher run.exits.edge_usd.p95:usd:higher run.exits.edge_usd.p99:usd:higher run.exits.edge_usd.max:usd:higher run.exits.edge_usd.mean:usd:higher run.hedges run.hedges.ticks run.hedge_delta.p50:number run.hedge_delta.p95:number run.hedge_delta.p99:number run.hedge_delta.max:number run.hedge_delta.mean:number
-- definition[exits]: Decisions to leave a position.
-- definition[exits.ticks]: Records with at least one decision to leave a position.
-- definition[exits.edge_usd.*]: Expected edge of an exit (USD per unit of the base asset).
-- definition[hedges]: Decisions to hedge.
-- definition[hedges.ticks]: Records with at least one decision to hedge.
-- definition[hedge_delta.*]: Position change that the hedger asks for (base asset, signed).
-- definition: In shadow mode no order fills, so there is no position to exit or hedge.
-- source: telemetry exits, hedges, hedge_delta_h_t
with edges as (select unnest(exits).edge_final as edge_usd from run_ticks),
sorted as (
    select 'exits.edge_usd' as name, coalesce(list(edge_usd order by edge_usd), []) as l, favg(edge_usd) as mean from edges where edge_usd is not null
    union all
    select 'hedge_delta', coalesce(list(hedge_delta_h_t order by hedge_delta_h_t), []), favg(hedge_delta_h_t) from run_ticks where hedge_delta_h_t is not null
),
summed as (
    select sum(len(exits)) as exits, count(exits) as n_exits, count_if(len(exits) > 0) as exit_ticks,
           sum(len(hedges)) as hedges, count(hedges) as n_hedges, count_if(len(hedges) > 0) as hedge_ticks,
           bool_and(execution_mode = 'shadow') and not coalesce(bool_or(q_global_tao <> 0 or len(fills) > 0), false) as idle
    from run_ticks
),
results as (
    select metric, value, n, case when value is null then 'no record carries this field' when idle and value = 0 then 'cannot move: shadow mode fills no order' end as note
    from summed, lateral (values ('exits', exits, n_exits), ('exits.ticks', case when n_exits > 0 then exit_ticks end, n_exits),
                                 ('hedges', hedges, n_hedges), ('hedges.ticks', case when n_hedges > 0 then hedge_ticks end, n_hedges)) as v (metric, value, n)
    union all
    select name || '.' || stat, case stat when 'mean' then mean else percentile(l, p) end, len(l),
           case when len(l) > 0 then null when name = 'hedge_delta' then 'no record carries this field' else 'no exit recorded' end
    from sorted, (values ('p50', 50), ('p95', 95), ('p99', 99), ('max', 100), ('mean', 0)) as stats (stat, p)
)
select 'run' as scope, metric, value, n, 'exact' as bound, value as low, value as high, note from results
