-- title: Account reconciliation drift
-- unit: count
-- better: lower
-- figures: run.reconcile_drift run.reconcile_drift.ticks <venue>.reconcile_drift
-- definition[reconcile_drift]: Differences between a venue's account and the program's view of it: position, margin, open orders, or an account that cannot be read.
-- definition[reconcile_drift.ticks]: Records with at least one difference between a venue's account and the program's view of it.
-- definition: A record without a difference omits the field, and so does a mode that reconciles nothing, so in shadow mode a missing field is no evidence of 0.
-- source: telemetry reconcile_drift
with drifts as (select unnest(reconcile_drift).venue_id as venue from run_ticks),
totals as (
    select count(*) as n, coalesce(count_if(len(reconcile_drift) > 0), 0) as ticks, coalesce(sum(len(reconcile_drift)), 0) as drifts,
           coalesce(bool_or(execution_mode <> 'shadow'), false) as reconciles from run_ticks
),
counted as (
    select 'run' as scope, 'reconcile_drift' as metric, drifts as amount from totals
    union all select 'run', 'reconcile_drift.ticks', ticks from totals
    union all select v.venue, 'reconcile_drift', count(d.venue) from run_venues v left join drifts d using (venue) group by v.venue
)
select scope, metric, case when drifts > 0 or reconciles then amount end as value, n, 'exact' as bound, value as low, value as high,
       case when value is null and n = 0 then 'no telemetry' when value is null then 'shadow mode reconciles no account' end as note
from counted, totals
