-- title: REST monitor
-- unit: count
-- better: lower
-- figures: <venue>.rest.checks:none <venue>.rest.attempts <venue>.rest.successes:none <venue>.rest.failures <venue>.rest.injections <venue>.rest.suppressed:none
-- definition: What the REST health monitor did for the venue: checks, fetches tried, fetched, failed, snapshots injected in the socket's place, suppressed; last readings, added over the monitor's lives. Printed at most each 30 s, so at least this many.
-- source: run log, WS_AUDIT subsystem=rest_monitor
with named as (
    select * from (values ('checks', 'rest_check_count'), ('attempts', 'rest_attempt_count'), ('successes', 'rest_success_count'),
                          ('failures', 'rest_fail_count'), ('injections', 'rest_inject_count'), ('suppressed', 'rest_suppressed_count')) as n (stat, name)
)
select v.venue as scope, 'rest.' || stat as metric, sum(t.last) as value, count(t.last) as n,
       'lower' as bound, value as low, null as high,
       case when value is not null then 'printed at most each 30 s' when not any_value(has_log) then any_value(why_no_log) else 'not instrumented' end as note
from run_venues v, named n, run_log_proof left join run_totals t on t.venue = v.venue and t.name = n.name
group by v.venue, stat
