-- title: Sessions and connects
-- unit: count
-- better: lower
-- figures: <venue>.sessions <venue>.connects <venue>.reconnects
-- definition[sessions]: Public socket sessions started.
-- definition[connects]: Sessions that reached the connected stage.
-- definition[reconnects]: Connected sessions after the first one of a life.
-- definition: Every build prints life-cycle lines; without them, reconnects are at least the audit counts.
-- source: run log: life-cycle lines; without them, the last audit count of each life
with begun as (select venue, count(*) as sessions from run_sessions group by venue),
connected as (select venue, count(*) as connects, count_if(nth > 0) as reconnects from run_connected group by venue),
audits as (select venue, sum(n) as audited from run_audit_reconnects group by venue),
counted as (
    select v.venue, coalesce(sessions, 0) as sessions, coalesce(connects, 0) as connects, coalesce(reconnects, 0) as reconnects, audited,
           has_lifecycle and truncated is null as whole
    from run_log_proof, run_venues v left join begun using (venue) left join connected using (venue) left join audits using (venue)
    left join run_truncated_starts using (venue)
)
select venue as scope, stat as metric, case when has_lifecycle then amount when stat = 'reconnects' then audited end as value,
       case when has_lifecycle then sessions else coalesce(audited, 0)::bigint end as n,
       case when whole then 'exact' else 'lower' end as bound, value as low, case when whole then value end as high,
       case when whole then null when has_lifecycle then 'the log begins after the venue had connected' when not has_log then why_no_log
            when value is not null then 'from audit lines only: a session end without a log line is not counted'
            else 'no life-cycle line in the log' end as note
from counted, run_log_proof, lateral (values ('sessions', sessions), ('connects', connects), ('reconnects', reconnects)) as s (stat, amount)
