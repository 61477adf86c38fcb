-- title: Apply age
-- unit: ms
-- better: lower
-- figures: <venue>.age_apply_ms.p50 <venue>.age_apply_ms.p95 <venue>.age_apply_ms.p99 <venue>.age_apply_ms.max <venue>.age_apply_ms.mean
-- definition: Age of the last applied book at each tick, known ages only; percentiles R type 7. A REST snapshot counts as an apply. Ages are whole tick steps.
-- source: telemetry venue_age_ms (where venue_age_event_ms is present)
with sorted as (
    select venue, coalesce(list(age_apply_ms order by age_apply_ms) filter (where age_apply_ms is not null), []) as l,
           avg(age_apply_ms) filter (where age_apply_ms is not null) as mean, case when bool_or(has_apply_age) then 'never known' when count(seq) > 0 then 'this vintage records event ages only' else 'no telemetry' end as absent
    from run_venues left join run_venue_ticks using (venue) group by venue
)
select venue as scope, 'age_apply_ms.' || stat as metric,
       case stat when 'max' then list_max(l) when 'mean' then mean else percentile(l, p) end as value, len(l) as n,
       'exact' as bound, value as low, value as high, case when len(l) = 0 then absent end as note
from sorted, (values ('p50', 50), ('p95', 95), ('p99', 99), ('max', 100), ('mean', 0)) as stats (stat, p)
