-- title: Downtime
-- unit: ms
-- better: lower
-- figures: <venue>.downtime_ms.total <venue>.downtime_ms.max
-- definition[downtime_ms.total]: Time from the end of a session that had a book to the next first book of its venue, or to the end of the life if there is none (ms): the sum.
-- definition[downtime_ms.max]: Time from the end of a session that had a book to the next first book of its venue, or to the end of the life if there is none (ms): the longest.
-- definition: `low` and `high` are the shortest and longest possible, because the times of log lines have an error.
-- source: run log: life-cycle lines with their assigned times
with counted as (
    select v.venue, count(d.venue) as n, count(low_ms + high_ms) as placed, coalesce(sum(low_ms), 0) as low_sum, coalesce(sum(high_ms), 0) as high_sum,
           coalesce(max(low_ms), 0) as low_max, coalesce(max(high_ms), 0) as high_max, coalesce(max(low_ms + high_ms), 0) / 2 as middle_max,
           v.venue in (select venue from run_all_sessions where reached = 'first_book') as had_a_book
    from run_venues v left join run_downtimes d using (venue) group by v.venue
)
select venue as scope, 'downtime_ms.' || stat as metric,
       case when had_a_book and placed = n then round(middle) end as value, n,
       case when low_ms = high_ms then 'exact' else 'estimate' end as bound,
       case when value is not null then low_ms end as low, case when value is not null then high_ms end as high,
       case when not has_log then why_no_log when not has_lifecycle then 'no life-cycle line in the log'
            when not had_a_book then 'no session had a book'
            when placed < n then (n - placed) || ' of ' || n || ' without a known time'
            when low_ms < high_ms then 'the times of log lines have an error' end as note
from counted, run_log_proof,
     lateral (values ('total', (low_sum + high_sum) / 2, low_sum, high_sum), ('max', middle_max, low_max, high_max)) as s (stat, middle, low_ms, high_ms)
