-- title: Pings
-- unit: count
-- better: none
-- figures: <venue>.pings.sent <venue>.pings.failed:lower
-- definition[pings.sent]: Keep-alive pings that the client sent, excluding those that only probe a silent socket. A log prints the count at n ≤ 3 and at each 100th ping, so the true count is at least the last reading.
-- definition[pings.failed]: Pings that could not be sent; each is printed. A session that ended because its ping could not be sent is such a failure in every build.
-- definition: The connectors' own events record every ping. Where the log has audit lines of the first instrumented build or later, a venue that counts its pings and printed none had none; the note names the line that proves it.
-- source: events.jsonl; else the run log, WS_AUDIT <venue>_ping_sent_count and <venue>_ping_send_fail_count
with lives as (
    select venue, life, max(last) as low, coalesce(max(last) filter (kind = 'cumulative'),
           max(case when last < 3 then last else (floor(last / 100) + 1) * 100 - 1 end)) as high
    from run_totals where name = venue || '_ping_sent_count' group by venue, life
),
sent as (select venue, sum(low) as low, sum(high) as high, count(*) as n from lives group by venue),
failed as (
    select venue, greatest(coalesce(audited, 0), coalesce(ended, 0)) as n
    from (select venue, sum(last) as audited from run_totals where name = venue || '_ping_send_fail_count' group by venue)
    full join (select venue, count(*) as ended from run_disconnected where reason = 'ping_send_fail' group by venue) using (venue)
),
-- Our connectors count the pings of every venue, the producer those of two venues.
zero as (
    select venue, 0 as none_printed from run_venues, run_log_proof, run_info
    where instrumented and (kind = 'toolkit' or venue in ('lighter', 'paradex'))
),
counted as (
    select v.venue, coalesce(s.low, none_printed) as low, coalesce(s.high, none_printed) as high, s.n as readings,
           coalesce(f.n, none_printed, case when s.n > 0 then 0 end) as failures, f.n::bigint as failed_readings
    from run_venues v left join sent s using (venue) left join failed f using (venue) left join zero using (venue)
)
select venue as scope, 'pings.' || stat as metric, least_n as value, coalesce(n, 0) as n,
       case when least_n < most_n then 'lower' else 'exact' end as bound, least_n as low, most_n as high,
       case when value is null and not has_log then why_no_log
            when value is null then 'not instrumented'
            when bound = 'lower' then 'printed at n ≤ 3 and each 100th'
            when value = 0 and n is null then none_seen end as note
from counted, run_log_proof,
     lateral (values ('sent', low, high, readings), ('failed', failures, failures, failed_readings)) as s (stat, least_n, most_n, n)
