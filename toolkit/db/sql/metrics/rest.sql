-- title: REST monitor
-- unit: count
-- better: lower
-- figures: <venue>.rest.checks:none <venue>.rest.attempts <venue>.rest.successes:none <venue>.rest.failures <venue>.rest.injections <venue>.rest.suppressed:none
-- definition: Activity of the REST health monitor for the venue: checks, attempts (fetches tried), successes, failures, injections (snapshots used in place of the socket's book), suppressed. The last readings of each monitor life are summed. They are printed at most every 30 s, so the true counts are at least these.
-- source: run log, WS_AUDIT subsystem=rest_monitor
with named as (
    select * from (values ('checks', 'rest_check_count'), ('attempts', 'rest_attempt_count'), ('successes', 'rest_success_count'),
                          ('failures', 'rest_fail_count'), ('injections', 'rest_inject_count'), ('suppressed', 'rest_suppressed_count')) as n (stat, name)
)
select v.venue as scope, 'rest.' || stat as metric, sum(t.last) as value, count(t.last) as n,
       'lower' as bound, value as low, null as high,
       case when value is not null then 'printed at most every 30 s' when not any_value(has_log) then any_value(why_no_log) else 'not instrumented' end as note
from run_venues v, named n, run_log_proof left join run_totals t on t.venue = v.venue and t.name = n.name
group by v.venue, stat
