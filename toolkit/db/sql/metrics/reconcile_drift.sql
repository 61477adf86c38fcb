-- title: Drift from the venues' accounts
-- unit: count
-- better: lower
-- figures: run.reconcile_drift run.reconcile_drift.ticks <venue>.reconcile_drift
-- definition: Differences found between a venue's account and what the program believes of it (position, margin, open orders, an account that cannot be read), and the records that hold some. The field is left out of a record without a difference and where nothing is reconciled: in shadow mode its absence proves nothing.
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
