-- title: Time of unknown apply age
-- unit: share
-- better: lower
-- figures: <venue>.age_apply_unknown.share
-- definition: Share of time in which the apply age is not known (never applied, or absent from the record); a tick weighs the time to the next.
-- source: telemetry venue_age_ms
select venue as scope, 'age_apply_unknown.share' as metric,
       case when bool_or(has_apply_age) then sum(weight_ms) filter (where age_apply_ms is null) / sum(weight_ms) end as raw,
       case when bool_or(has_apply_age) then coalesce(raw, 0) end as value, count(v.seq) as n, 'exact' as bound, value as low, value as high,
       case when value is null and count(v.seq) = 0 then 'no telemetry' when value is null then 'this vintage records event ages only' end as note
from run_venues left join run_venue_ticks v using (venue) group by venue
