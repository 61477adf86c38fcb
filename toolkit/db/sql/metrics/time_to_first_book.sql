-- title: Time to the first book
-- unit: ms
-- better: lower
-- figures: <venue>.time_to_first_book_ms.p50 <venue>.time_to_first_book_ms.max
-- definition: Time from a session's connecting line to its first book (ms), over the sessions that had one: median (R type 7) and maximum. `low` and `high` use the shortest and longest possible times, because the times of log lines have an error.
-- source: run log: life-cycle lines with their assigned times
with durations as (
    select venue, not_below_zero(first_book_low_ms - began_high_ms) as low_ms, first_book_high_ms - began_low_ms as high_ms
    from run_session_bounds semi join run_sessions_begun using (life, venue, session) where reached = 'first_book'
),
counted as (
    select v.venue, count(t.venue) as n, count(low_ms + high_ms) as placed,
           list(low_ms order by low_ms) as lows, list(high_ms order by high_ms) as highs, list(round((low_ms + high_ms) / 2) order by low_ms + high_ms) as middles
    from run_venues v left join durations t using (venue) group by v.venue
),
results as (
    select *, n > 0 and placed = n as known, percentile(lows, p) as low_ms, percentile(middles, p) as middle_ms, percentile(highs, p) as high_ms
    from counted, (values ('p50', 50), ('max', 100)) as stats (stat, p)
)
select venue as scope, 'time_to_first_book_ms.' || stat as metric, case when known then middle_ms end as value, n,
       case when low_ms = high_ms then 'exact' else 'estimate' end as bound,
       case when known then low_ms end as low, case when known then high_ms end as high,
       case when not has_log then why_no_log when not has_lifecycle then 'no life-cycle line in the log'
            when n = 0 then 'no session had a book'
            when placed < n then (n - placed) || ' of ' || n || ' without a known time'
            when low_ms < high_ms then 'the times of log lines have an error' end as note
from results, run_log_proof
