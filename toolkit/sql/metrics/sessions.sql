-- title: Sessions and connects
-- unit: count
-- better: lower
-- figures: <venue>.sessions <venue>.connects <venue>.reconnects
-- definition: Public socket sessions begun; sessions that reached connected; connected sessions after the first connected one of a life. Life-cycle lines carry them in every build; without such lines reconnects are at least the audit counts.
-- source: run log, life-cycle lines; else the last audit count of each life
with counted as (
    select v.venue, (select count(*) from run_sessions s where s.venue = v.venue) as sessions,
           (select count(*) from run_connected c where c.venue = v.venue) as connects,
           (select count(*) from run_connected c where c.venue = v.venue and nth > 0) as reconnects,
           (select sum(last) from run_totals t where t.venue = v.venue and name like 'reconnect.%') as audited
    from run_venues v
)
select venue as scope, stat as metric, case when has_lifecycle then amount when stat = 'reconnects' then audited end as value,
       case when has_lifecycle then sessions else coalesce(audited, 0) end as n,
       case when has_lifecycle then 'exact' else 'lower' end as bound, value as low,
       case when has_lifecycle then value end as high,
       case when has_lifecycle then null when not has_log then 'no run log'
            when value is not null then 'audit lines only: silent reconnects are not in them'
            else 'no life-cycle line in the log' end as note
from counted, run_log_proof, lateral (values ('sessions', sessions), ('connects', connects), ('reconnects', reconnects)) as s (stat, amount)
