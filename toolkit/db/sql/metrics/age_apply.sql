-- title: Apply age
-- unit: ms
-- better: lower
-- figures: <venue>.age_apply_ms.p50 <venue>.age_apply_ms.p95 <venue>.age_apply_ms.p99 <venue>.age_apply_ms.max <venue>.age_apply_ms.mean
-- definition: Age of the last applied book at each tick (ms): percentiles (R type 7), maximum and mean. Ticks of unknown age are excluded. A REST snapshot counts as an applied book. Ages are whole tick steps.
-- source: telemetry venue_age_ms (where venue_age_event_ms is present)
with absent_notes as (
    select venue, case when bool_or(has_apply_age) then 'no known age' when count(seq) > 0 then 'this telemetry version records event ages only' else 'no telemetry' end as absent
    from run_venues left join run_venue_ticks using (venue) group by venue
)
select venue as scope, 'age_apply_ms.' || stat as metric, value, coalesce(n, 0) as n, 'exact' as bound, value as low, value as high,
       case when n is null then absent end as note
from absent_notes cross join (values ('p50'), ('p95'), ('p99'), ('max'), ('mean')) as stats (stat)
left join age_stats('run_apply_ages') using (venue, stat)
