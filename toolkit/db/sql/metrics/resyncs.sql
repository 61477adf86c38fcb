-- title: Resyncs and kept read timeouts
-- unit: count
-- better: lower
-- figures: <venue>.resyncs.<reason> <venue>.read_timeouts_kept
-- definition[read_timeouts_kept]: Read timeouts after which the socket stayed open; they do not count as reconnects.
-- definition[resyncs.<reason>]: Books rebuilt on an open socket for this reason; they do not count as reconnects. Without audit lines they are printed at most every 30 s, so the true count is at least this.
-- source: run log, audit and resync lines
with counts as (
    select venue, case when kind = 'kept' then 'read_timeouts_kept' else 'resyncs.' || reason end as metric, count(*) as n
    from run_episodes where kind in ('resync', 'kept') group by all
),
named as (select unnest(['resyncs.seq_gap', 'resyncs.stale_watchdog', 'read_timeouts_kept']) as metric union select metric from counts),
results as (
    select v.venue, n.metric, coalesce(h.n, 0) as n, has_log, why_no_log, has_lifecycle,
           -- Every build prints a line for a resync; only audit lines report a kept timeout.
           case when n.metric = 'read_timeouts_kept' then instrumented else has_lifecycle end as has_evidence,
           n.metric <> 'read_timeouts_kept' and not instrumented and coalesce(h.n, 0) > 0 as throttled
    from run_venues v, named n, run_log_proof left join counts h on h.venue = v.venue and h.metric = n.metric
)
select venue as scope, metric, case when has_evidence then n end as value, n, if(has_evidence and (truncated or throttled), 'lower', 'exact') as bound,
       value as low, case when truncated is null and not throttled then value end as high,
       case when has_evidence and truncated then 'the log begins after the venue had connected'
            when has_evidence and throttled then 'printed at most every 30 s' when has_evidence and n = 0 then 'no such line in the log' when has_evidence then null
            when not has_log then why_no_log else 'not instrumented' end as note
from results left join run_truncated_starts using (venue)
