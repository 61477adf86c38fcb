-- title: Publisher pressure
-- unit: count
-- better: lower
-- figures: run.publisher.try_send_full run.publisher.pending_latest_replaced run.publisher.lossless_wait
-- definition[*.try_send_full]: Sends that found the queue full.
-- definition[*.pending_latest_replaced]: Queued events replaced by a newer one.
-- definition[*.lossless_wait]: Lossless sends that had to wait.
-- definition: The connectors' own events record every one. The first form of the log prints a cumulative count at n ≤ 3 and at each 1000th, so the true count is between the last reading and one below the next to be printed. The later form prints deltas, which are summed; it does not count waiting lossless sends. Without a line, the count is 0 only where another audit line of the log shows that the build prints them; the note names that line.
-- source: events.jsonl; else the run log, WS_AUDIT component=market_publisher
with forms as (
    select f.metric, t.life, max(t.last) as low, coalesce(max(t.last) filter (t.kind = 'cumulative'),
           max(case when t.last < 3 then t.last else (floor(t.last / 1000) + 1) * 1000 - 1 end)) as high, 'first' as form
    from (values ('try_send_full', 'mp_try_send_full_count'), ('pending_latest_replaced', 'mp_pending_latest_replaced_count'),
                 ('lossless_wait', 'mp_lossless_wait_count')) as f (metric, name)
    join run_totals t on t.name = f.name and t.kind in ('throttled', 'cumulative') group by f.metric, t.life
    union all
    select f.metric, c.life, sum(value), sum(value), 'later'
    from (values ('try_send_full', 'try_send_full'), ('pending_latest_replaced', 'mp_pending_latest_replaced_count')) as f (metric, name)
    join run_counters c on c.name = f.name and c.kind = 'delta' and c.venue is null group by all
),
summed as (
    select m.metric, sum(low) as low, sum(high) as high, count(form) as n, bool_or(form = 'later') as later
    from (values ('try_send_full'), ('pending_latest_replaced'), ('lossless_wait')) as m (metric) left join forms using (metric) group by m.metric
),
proof as (select *, (select count(*) from run_log_events where family = 'audit_publisher_periodic') > 0 as periodic from run_log_proof)
select 'run' as scope, 'publisher.' || metric as metric,
       case when n > 0 then s.low when instrumented and not (metric = 'lossless_wait' and periodic) then 0 end as value, n,
       case when n > 0 and s.low < s.high then 'lower' else 'exact' end as bound,
       value as low, case when n > 0 then s.high else value end as high,
       case when value is null and not has_log then why_no_log
            when value is null and periodic then 'this build counts every lossless send, not those that waited'
            when value is null then 'not instrumented'
            when bound = 'lower' then 'printed at n ≤ 3 and each 1000th'
            when n = 0 then none_seen end as note
from summed s, proof
