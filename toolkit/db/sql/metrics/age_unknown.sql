-- title: Time with an unknown apply age
-- unit: share
-- better: lower
-- figures: <venue>.age_apply_unknown.share
-- definition: Share of time in which the apply age is not known (no book applied yet, or null), over the records with apply ages. A tick weighs the time to the next tick.
-- source: telemetry venue_age_ms
select venue as scope, 'age_apply_unknown.share' as metric,
       coalesce(any_value(whole_ms), sum(weight_ms) filter (has_apply_age)) as all_ms,
       case when bool_or(has_apply_age) then (all_ms - coalesce(sum(weight_ms) filter (age_apply_ms is not null), 0)) / all_ms end as value, count(*) filter (has_apply_age) as n, 'exact' as bound, value as low, value as high,
       case when value is null and count(v.seq) = 0 then 'no telemetry' when value is null and bool_or(has_apply_age) then 'no record carries a time' when value is null then 'this telemetry version records event ages only'
            when bool_or(not has_apply_age) then 'only over the records with apply ages; the other records have event ages only' end as note
from run_venues cross join run_apply_time left join run_venue_ticks v using (venue) group by venue
