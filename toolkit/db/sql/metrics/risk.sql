-- title: Risk regime and kill switch
-- unit: share
-- better: none
-- figures: run.regime.normal.share:higher run.regime.warning.share:lower run.regime.hard_limit.share:lower run.regime.other.share:lower run.regime.changes:count:lower run.kill.ticks:count:lower
-- definition[regime.normal.share]: Share of time in the risk regime Normal.
-- definition[regime.warning.share]: Share of time in the risk regime Warning.
-- definition[regime.hard_limit.share]: Share of time in the risk regime HardLimit.
-- definition[regime.other.share]: Share of time in the risk regime of any other name.
-- definition[regime.changes]: Changes of the risk regime from one record to the next of the same life.
-- definition[kill.ticks]: Records with the kill switch on.
-- source: telemetry risk_regime, kill_switch
with named as (
    select *, case risk_regime when 'Normal' then 'normal' when 'Warning' then 'warning' when 'HardLimit' then 'hard_limit' else 'other' end as regime,
           lag(risk_regime) over (partition by life order by seq) as previous_regime
    from run_ticks where risk_regime is not null
),
timed as (select regime, sum(weight_ms) as ms from named group by regime),
summed as (select count(*) as n, sum(weight_ms) as total_ms, coalesce(count_if(risk_regime <> previous_regime), 0) as changes from named),
killed as (select count(kill_switch) as n, count_if(kill_switch) as ticks from run_ticks),
results as (
    select 'regime.' || r.regime || '.share' as metric, coalesce(ms, 0) / total_ms as value, n
    from (values ('normal'), ('warning'), ('hard_limit'), ('other')) as r (regime) left join timed using (regime), summed
    union all select 'regime.changes', case when n > 0 then changes end, n from summed
    union all select 'kill.ticks', case when n > 0 then ticks end, n from killed
)
select 'run' as scope, metric, value, n, 'exact' as bound, value as low, value as high,
       case when n = 0 then 'no record carries this field' when value is null then 'no record carries a time' end as note
from results
