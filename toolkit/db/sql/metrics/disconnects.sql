-- title: Disconnects by reason
-- unit: count
-- better: lower
-- figures: <venue>.disconnects.<reason>
-- definition: Number of connected sessions that ended, by the reason of the end, whether or not a reconnect followed.
-- source: run log: life-cycle, audit and error lines, merged by session
with counts as (select venue, reason, count(*) as n from run_disconnected group by all),
named as (select reason from reasons union select reason from counts)
select v.venue as scope, 'disconnects.' || r.reason as metric, case when has_lifecycle then coalesce(h.n, 0) end as value,
       coalesce(value, 0) as n, if(truncated, 'lower', 'exact') as bound, value as low,
       case when truncated is null then value end as high,
       case when value is not null and truncated then 'the log begins after the venue had connected' when not has_log then why_no_log when not has_lifecycle then 'no life-cycle line in the log' end as note
from run_venues v left join run_truncated_starts b on b.venue = v.venue, named r, run_log_proof left join counts h on h.venue = v.venue and h.reason = r.reason
