-- title: Events with a local timestamp
-- unit: count
-- better: lower
-- figures: <venue>.ts_fallbacks
-- definition: Events without a usable exchange timestamp, which got a local one instead. The count is printed at n ≤ 3 and at each 100th, so the true count is at least the last reading. Where the log has audit lines of the first instrumented build or later, a venue that counts these events and printed none had none.
-- source: run log, WS_AUDIT <venue>_ts_fallback_count
with read as (
    select venue, sum(last) as low, sum(case when last < 3 then last else (floor(last / 100) + 1) * 100 - 1 end) as high, count(*) as n
    from run_totals where name = venue || '_ts_fallback_count' group by venue
),
-- The producer counts these events for one venue, our connectors for none.
zero as (
    select venue, 0 as none_printed from run_venues, run_log_proof, run_info
    where instrumented and kind <> 'toolkit' and venue = 'lighter'
)
select v.venue as scope, 'ts_fallbacks' as metric, coalesce(r.low, none_printed) as value, coalesce(r.n, 0) as n,
       case when r.low < r.high then 'lower' else 'exact' end as bound, value as low, coalesce(r.high, none_printed) as high,
       case when value is null and not has_log then why_no_log
            when value is null then 'not instrumented'
            when bound = 'lower' then 'printed at n ≤ 3 and each 100th'
            when r.n is null then none_seen end as note
from run_venues v left join read r using (venue) left join zero using (venue), run_log_proof
