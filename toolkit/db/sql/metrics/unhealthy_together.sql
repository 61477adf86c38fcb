-- title: Several venues unhealthy at once
-- unit: share
-- better: lower
-- figures: run.unhealthy_together.share run.unhealthy_together.ms:ms run.unhealthy_together.ticks:count
-- definition[unhealthy_together.share]: Share of time in which at least two venues have the status Warning, Stale or Disabled in the same record.
-- definition[unhealthy_together.ms]: Time in which at least two venues have the status Warning, Stale or Disabled in the same record (ms).
-- definition[unhealthy_together.ticks]: Records in which at least two venues have the status Warning, Stale or Disabled.
-- source: telemetry venue_status
with per_tick as (
    select seq, any_value(weight_ms) as weight_ms, count_if(status <> 'Healthy') >= 2 as together
    from run_venue_ticks where status is not null group by seq
),
summed as (
    select count(*) as n, coalesce(sum(weight_ms) filter (where together), 0) as ms, sum(weight_ms) as total_ms, count_if(together) as ticks
    from per_tick
)
select 'run' as scope, 'unhealthy_together.' || stat as metric, case when n > 0 then amount end as value, n, 'exact' as bound,
       value as low, value as high, case when n = 0 then 'no status recorded' when value is null then 'no record carries a time' end as note
from summed, lateral (values ('share', ms / total_ms), ('ms', ms), ('ticks', ticks)) as v (stat, amount)
