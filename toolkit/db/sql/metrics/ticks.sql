-- title: Telemetry records
-- unit: count
-- better: none
-- figures: run.ticks run.ticks_missing:lower run.ticks_duplicate:lower run.lives:lower
-- definition[ticks]: Records read.
-- definition[ticks_missing]: Tick numbers skipped within a life (dropped records).
-- definition[ticks_duplicate]: Records that repeat the previous tick number.
-- definition[lives]: Processes that wrote the run.
-- source: telemetry t
with steps as (select t - lag(t) over (partition by life order by seq) as step from run_ticks),
counted as (
    select (select count(*) from run_ticks) as ticks,
           coalesce(sum(case when step > 1 then step - 1 else 0 end), 0) as missing,
           coalesce(sum((step = 0)::integer), 0) as duplicate
    from steps
)
select 'run' as scope, metric, case when ticks > 0 or metric in ('ticks', 'lives') then amount end as value, ticks as n,
       'exact' as bound, value as low, value as high, case when value is null then 'no telemetry' end as note
from counted, lateral (values ('ticks', ticks), ('ticks_missing', missing), ('ticks_duplicate', duplicate),
                              ('lives', (select lives from run_info))) as v (metric, amount)
