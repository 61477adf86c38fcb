-- title: Failed connection attempts
-- unit: count
-- better: lower
-- figures: <venue>.connect_failures <venue>.connect_failures.<reason>
-- definition[connect_failures]: Connection attempts that ended before the connected stage.
-- definition[connect_failures.<reason>]: Connection attempts that ended before the connected stage for this reason.
-- definition: A failed market look-up has the reason `discovery`.
-- source: run log, connecting and error lines
with failures as (
    select venue, coalesce(reason, 'unknown') as reason from run_sessions where reached = 'connecting' and reason is not null
    union all select venue, reason from run_episodes where kind = 'connect_failure'
),
named as (select unnest(['connect_timeout', 'connect_error', 'discovery', 'unknown']) as reason union select reason from failures),
counted as (
    select v.venue, '.' || r.reason as suffix, count(f.venue) as n from run_venues v, named r
    left join failures f on f.venue = v.venue and f.reason = r.reason group by all
    union all
    select v.venue, '', count(f.venue) from run_venues v left join failures f using (venue) group by all
)
select venue as scope, 'connect_failures' || suffix as metric, case when has_lifecycle then n end as value, n,
       if(truncated, 'lower', 'exact') as bound, value as low, case when truncated is null then value end as high,
       case when not has_log then why_no_log when not has_lifecycle then 'no life-cycle line in the log'
            when truncated then 'the log begins after the venue had connected' end as note
from run_log_proof, counted left join run_truncated_starts using (venue)
