-- title: Reconnects by reason
-- unit: count
-- better: lower
-- figures: <venue>.reconnects.<reason>
-- definition: Reconnects by the reason that ended the connected session before. The reasons add up to the venue's reconnects. An end without a log line has the reason `unknown`.
-- source: run log: life-cycle, audit and error lines, merged by session; without life-cycle lines, the last audit count of each life
with counts as (select venue, coalesce(ended_before, 'unknown') as reason, count(*) as n from run_connected where nth > 0 group by all),
audited as (from run_audit_reconnects),
named as (select reason from reasons union select reason from counts union select reason from audited)
select v.venue as scope, 'reconnects.' || r.reason as metric,
       case when has_lifecycle then coalesce(h.n, 0) else a.n end as value, coalesce(value, 0)::bigint as n,
       case when has_lifecycle and truncated is null then 'exact' else 'lower' end as bound, value as low,
       case when bound = 'exact' then value end as high,
       case when bound = 'exact' then null when has_lifecycle then 'the log begins after the venue had connected' when not has_log then why_no_log
            when value is not null then 'from audit lines only: a session end without a log line is not counted' else 'no life-cycle line in the log' end as note
from run_venues v left join run_truncated_starts b on b.venue = v.venue, named r, run_log_proof
left join counts h on h.venue = v.venue and h.reason = r.reason
left join audited a on a.venue = v.venue and a.reason = r.reason
where r.reason in (select reason from reasons) or h.n > 0 or a.n > 0
