-- title: Tick time by phase
-- unit: us
-- better: lower
-- figures: run.phase.<phase>_us.p50 run.phase.<phase>_us.p95 run.phase.<phase>_us.p99 run.phase.<phase>_us.max run.phase.<phase>_us.mean run.phase.<phase>.share:share:none
-- definition: Time that each phase of a tick takes on its own (µs), and its share of the summed total. Phases: reconcile, event_drain, engine, submit, rest (the remainder of the total), and total. The record's event_drain_us and engine_us count from the start of the tick, so earlier phases are subtracted. Writing telemetry is not part of the total.
-- source: telemetry tick_timing
with phases as (
    select unnest(['reconcile', 'event_drain', 'engine', 'submit', 'rest', 'total']) as phase,
           unnest([reconcile_us, event_drain_us - reconcile_us, engine_us - event_drain_us, submit_us,
                   total_us - engine_us - submit_us, total_us]) as us
    from run_ticks
),
summed as (select phase, percentiles(list(us)) as p, count(*) as n, favg(us) as mean, sum(us) as spent_us from phases where us is not null group by phase),
whole as (select nullif(sum(total_us), 0) as total_us from run_ticks)
select 'run' as scope, 'phase.' || n.phase || stat as metric,
       case stat when '.share' then spent_us / total_us when '_us.mean' then mean else p[i] end as value, coalesce(n, 0) as n,
       'exact' as bound, value as low, value as high,
       case when value is null then 'no tick timing recorded; only a program that runs in real time writes it' end as note
from (values ('reconcile'), ('event_drain'), ('engine'), ('submit'), ('rest'), ('total')) as n (phase) left join summed using (phase)
cross join whole
cross join (values ('_us.p50', 1), ('_us.p95', 2), ('_us.p99', 3), ('_us.max', 4), ('_us.mean', 0), ('.share', 0)) as stats (stat, i)
where n.phase <> 'total' or stat <> '.share'
