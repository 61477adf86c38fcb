-- title: Fresh time
-- unit: share
-- better: higher
-- figures: <venue>.fresh.share
-- definition: Share of time with a known apply age at or below the venue's stale limit, over the records with apply ages. The limit is 1 s (Hyperliquid 2 s, Paradex 3 s), or the value that the run's own log states.
-- source: telemetry venue_age_ms
select r.venue as scope, 'fresh.share' as metric,
       case when bool_or(has_apply_age) then coalesce(sum(weight_ms) filter (age_apply_ms <= limit_ms), 0) / coalesce(any_value(whole_ms), sum(weight_ms) filter (has_apply_age)) end as value,
       count(*) filter (has_apply_age) as n, 'exact' as bound, value as low, value as high,
       case when value is null and count(v.seq) = 0 then 'no telemetry' when value is null and bool_or(has_apply_age) then 'no record carries a time' when value is null then 'this telemetry version records event ages only'
            when bool_or(not has_apply_age) then 'only over the records with apply ages; the other records have event ages only' end as note
from run_venues r join run_stale_limits using (venue) cross join run_apply_time left join run_venue_ticks v using (venue) group by r.venue
