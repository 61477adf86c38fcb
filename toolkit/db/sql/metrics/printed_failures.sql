-- title: Failures that the log prints
-- unit: count
-- better: lower
-- figures: <venue>.rest.fetch_errors <venue>.pollers.errors <venue>.subscriptions.refused <venue>.seq_gaps run.rest.fetch_errors run.pollers.errors run.subscriptions.refused run.seq_gaps
-- definition[rest.fetch_errors]: Failed REST requests for books and markets, by the REST monitor, the venue's own fallback, a snapshot or a market look-up.
-- definition[pollers.errors]: Failures of the pollers of funding and accounts.
-- definition[subscriptions.refused]: Sessions and attempts that ended because the venue refused the subscription.
-- definition[seq_gaps]: Gaps in a venue's sequence numbers that rebuilt a book or ended a session.
-- definition: The lines of a failed snapshot, and those of a gap without audit lines, are printed at most every 30 s, so the true counts are at least these. The figures of the run are totals over the venues.
-- source: run log
with families as (
    select * from (values ('rest_fallback_error', 'rest.fetch_errors'), ('own_fallback_error', 'rest.fetch_errors'), ('market_lookup_error', 'rest.fetch_errors'),
                          ('snapshot_fetch_error', 'rest.fetch_errors'), ('poller_error', 'pollers.errors')) as f (family, metric)
),
ended as (
    select venue, reason from run_disconnected union all
    select venue, reason from run_episodes where kind in ('resync', 'connect_failure')
),
failures as (
    select venue, metric, count(*) as n, bool_or(family = 'snapshot_fetch_error') as throttled, false as audited
    from run_log_events join families using (family)
    -- The book was fetched, but the program's own queue was closed.
    where family not in ('rest_fallback_error', 'own_fallback_error') or fields->>'error' <> 'market_tx closed' group by all
    union all
    select venue, if(reason = 'seq_gap', 'seq_gaps', 'subscriptions.refused'), count(*), reason = 'seq_gap' and not any_value(instrumented), false
    from ended, run_log_proof where has_lifecycle and reason in ('seq_gap', 'subscribe_error') group by venue, reason
    union all
    -- The line states how many subscriptions in a row were refused.
    select venue, 'subscriptions.refused', max(try_cast(fields->>'times' as bigint)), true, false from run_log_events where family = 'subscribe_backoff' group by venue
    union all
    select venue, if(name = 'reconnect.seq_gap', 'seq_gaps', 'subscriptions.refused'),
           sum(if(venue = 'lighter' and name = 'reconnect.subscribe_error', ceil(last / 2), last))::bigint, true, true
    from run_totals where name in ('reconnect.seq_gap', 'reconnect.subscribe_error') group by venue, name
),
largest as (
    select venue, metric, max(n) as n, max_by(throttled, (n, not throttled)) as throttled from failures group by all
),
metrics as (select unnest(['rest.fetch_errors', 'pollers.errors', 'subscriptions.refused', 'seq_gaps']) as metric),
counted as (
    select v.venue, m.metric, case when l.n > 0 then l.n when has_log and (has_lifecycle or m.metric in ('rest.fetch_errors', 'pollers.errors')) then 0 end as amount,
           coalesce(l.throttled, false) or truncated is not null as least
    from run_venues v, metrics m left join largest l on l.venue = v.venue and l.metric = m.metric
    left join run_truncated_starts t on t.venue = v.venue, run_log_proof
),
scoped as (
    select venue as scope, metric, amount, least from counted union all
    select 'run', metric, sum(amount), bool_or(least) from counted group by metric
)
select scope, metric, amount::bigint as value, coalesce(amount, 0)::bigint as n, if(amount is not null and least, 'lower', 'exact') as bound,
       value as low, case when not least then value end as high,
       case when value is null and not has_log then why_no_log when value is null then 'no life-cycle line in the log'
            when least and value > 0 then 'the log does not print all of them' when least then 'the log begins after the venue had connected'
            when value = 0 then 'no such line in the log' end as note
from scoped, run_log_proof
