-- title: Pings
-- unit: count
-- better: none
-- figures: <venue>.pings.sent <venue>.pings.failed:lower
-- definition: Pings the client sent (printed at n ≤ 3 and each 100th, so at least the last reading), and those it could not send (each printed).
-- source: run log, WS_AUDIT <venue>_ping_sent_count and <venue>_ping_send_fail_count
with sent as (
    select venue, sum(last) as low, sum(case when last < 3 then last else (floor(last / 100) + 1) * 100 - 1 end) as high, count(*) as n
    from run_totals where name = venue || '_ping_sent_count' group by venue
),
failed as (select venue, sum(last) as n from run_totals where name = venue || '_ping_send_fail_count' group by venue)
select v.venue as scope, 'pings.sent' as metric, s.low as value, coalesce(s.n, 0) as n,
       case when s.low < s.high then 'lower' else 'exact' end as bound, s.low as low, s.high as high,
       case when value is null and not has_log then 'no run log' when value is null then 'not instrumented'
            when bound = 'lower' then 'printed at n ≤ 3 and each 100th' end as note
from run_venues v left join sent s using (venue), run_log_proof
union all
select v.venue, 'pings.failed', case when f.n is not null then f.n when s.n > 0 then 0 end as value, coalesce(f.n, 0), 'exact', value, value,
       case when value is null and not has_log then 'no run log' when value is null then 'not instrumented' end
from run_venues v left join sent s using (venue) left join failed f using (venue), run_log_proof
