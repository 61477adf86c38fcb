-- title: Recovery actions and warnings
-- unit: count
-- better: lower
-- figures: <venue>.enforcer.restarts <venue>.supervisor.exits <venue>.supervisor.panics <venue>.rest_fallback.activations <venue>.core_freezes run.enforcer.restarts run.supervisor.exits run.supervisor.panics run.rest_fallback.activations run.runner.overruns run.runner.warnings run.telemetry.write_errors
-- definition[enforcer.restarts]: Log lines of public connector tasks that the health enforcer restarted.
-- definition[supervisor.exits]: Log lines of supervised tasks that ended and were started again.
-- definition[supervisor.panics]: Log lines of supervised tasks that panicked.
-- definition[rest_fallback.activations]: Log lines of REST fallbacks that were activated, by the REST monitor or by the venue's own client.
-- definition[core_freezes]: Log lines of books that the runner froze.
-- definition[runner.overruns]: Log lines of runner ticks over their time budget.
-- definition[runner.warnings]: Log lines of runner ticks near their time budget.
-- definition[telemetry.write_errors]: Log lines of telemetry that was disabled after a write error.
-- definition: The producer prints every such line, so the count is exact; a 0 means that the log has no such line.
-- source: run log
with named as (
    select * from (values ('enforcer.restarts', ['enforcer_restart'], 'both'), ('supervisor.exits', ['supervisor_exit'], 'both'),
                          ('supervisor.panics', ['supervisor_panic'], 'both'),
                          ('rest_fallback.activations', ['rest_fallback_activated', 'own_fallback_activated'], 'both'),
                          ('core_freezes', ['runner_freeze'], 'venue'), ('runner.overruns', ['runner_overrun'], 'run'),
                          ('runner.warnings', ['runner_warning'], 'run'), ('telemetry.write_errors', ['telemetry_disabled'], 'run')) as n (metric, families, applies_to)
),
events as (select family, venue, count(*) as lines from run_log_events group by all),
scopes as (select venue as scope, 'venue' as scope_kind from run_venues union all select 'run', 'run'),
counted as (
    select scope, metric, coalesce(sum(lines), 0)::bigint as occurrences
    from scopes join named on applies_to in (scope_kind, 'both')
    left join events e on list_contains(families, e.family) and (scope_kind = 'run' or e.venue = scope) group by all
)
select scope, metric, case when has_log then occurrences end as value, occurrences as n, 'exact' as bound, value as low, value as high,
       case when not has_log then why_no_log when occurrences = 0 then 'no such line in the log' end as note
from counted, run_log_proof
