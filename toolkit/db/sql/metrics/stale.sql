-- title: Stale time
-- unit: ms
-- better: lower
-- figures: <venue>.stale.ms
-- definition: Time in which the apply age is above the venue's stale limit or not known (ms): the complement of the fresh time, over the records with apply ages.
-- source: telemetry venue_age_ms
select r.venue as scope, 'stale.ms' as metric,
       case when bool_or(has_apply_age) then coalesce(any_value(whole_ms), sum(weight_ms) filter (has_apply_age)) - coalesce(sum(weight_ms) filter (age_apply_ms <= limit_ms), 0) end as value,
       count(*) filter (has_apply_age) as n, 'exact' as bound, value as low, value as high,
       case when value is null and count(v.seq) = 0 then 'no telemetry' when value is null and bool_or(has_apply_age) then 'no record carries a time' when value is null then 'this telemetry version records event ages only'
            when bool_or(not has_apply_age) then 'only over the records with apply ages; the other records have event ages only' end as note
from run_venues r join run_stale_limits using (venue) cross join run_apply_time left join run_venue_ticks v using (venue) group by r.venue
