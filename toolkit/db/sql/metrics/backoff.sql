-- title: Waits before reconnecting
-- unit: count
-- better: none
-- figures: <venue>.backoff.count <venue>.backoff.violations:lower
-- definition[backoff.count]: Waits between the end of a session or attempt and the next connecting line.
-- definition[backoff.violations]: Waits shorter than the backoff policy allows.
-- definition: The policy is 1 s, doubled after each end, at most 30 s, and 1 s again after a session of 60 s or more; it is 0.1 s where the build logs its own fast policy or draws the wait at random. Ends caused by a supervisor or an enforcer are excluded. A wait whose line times do not decide it counts in `high` only.
-- source: run log: life-cycle lines with their assigned times
with policies as (
    select venue, coalesce((select kind = 'toolkit' from run_info), false)
                  or venue in (select venue from run_log_events where family = 'audit_reconnect_policy') as fast
    from run_venues
),
ended as (
    select life, venue, session, next_low_ms - ended_high_ms as low_ms, next_high_ms - ended_low_ms as high_ms,
           reason in ('enforcer_restart', 'task_panic') as external,
           external or coalesce(ended_high_ms - began_low_ms >= 60000, true) as may_reset
    from run_session_bounds where ended_line is not null and retried
),
parts as (select *, sum(may_reset::int) over (partition by life, venue order by session) as part from ended),
judged as (
    select p.*, case when fast then 100 else least(1000 * 2 ** least(row_number() over (partition by life, venue, part order by session) - 1, 5), 30000) end as policy_ms
    from parts p join policies using (venue)
),
counted as (
    select v.venue, count(j.venue) as n, count(low_ms + high_ms) as placed,
           coalesce(count_if(high_ms < policy_ms), 0) as certain,
           n - coalesce(count_if(low_ms >= policy_ms), 0) as possible
    from run_venues v
    left join (select j.* from judged j semi join run_sessions_ended using (life, venue, session)) j on j.venue = v.venue and not external group by v.venue
)
select venue as scope, 'backoff.' || stat as metric,
       case when has_lifecycle and (stat = 'count' or placed > 0 or n = 0) then amount end as value, n,
       case when stat = 'count' or certain = possible then 'exact' else 'lower' end as bound, value as low,
       case when value is null then null when stat = 'count' then n else possible end as high,
       case when not has_log then why_no_log when not has_lifecycle then 'no life-cycle line in the log'
            when value is null then 'no wait has line times that bound it'
            when stat = 'violations' and certain < possible then (possible - certain) || ' of ' || n || ' waits have line times too wide to decide' end as note
from counted, run_log_proof, lateral (values ('count', n), ('violations', certain)) as s (stat, amount)
