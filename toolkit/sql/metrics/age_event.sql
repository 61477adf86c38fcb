-- title: Event age
-- unit: ms
-- better: lower
-- figures: <venue>.age_event_ms.p50 <venue>.age_event_ms.p95 <venue>.age_event_ms.p99 <venue>.age_event_ms.max <venue>.age_event_ms.mean
-- definition: Age of the last applied book by the time stamp it carries, known ages only; the basis differs per venue (exchange clock or local) and venues are not ranked by it. A value of 10⁹ ms or more is a missing time stamp and set aside.
-- source: telemetry venue_age_event_ms, or venue_age_ms in a vintage without it
with sorted as (
    select venue, coalesce(list(age_event_ms order by age_event_ms) filter (where age_event_ms < 1000000000), []) as l,
           avg(age_event_ms) filter (where age_event_ms < 1000000000) as mean, 'never known' as absent
    from run_venues left join run_venue_ticks using (venue) group by venue
)
select venue as scope, 'age_event_ms.' || stat as metric,
       case stat when 'max' then list_max(l) when 'mean' then mean else percentile(l, p) end as value, len(l) as n,
       'exact' as bound, value as low, value as high, case when len(l) = 0 then absent end as note
from sorted, (values ('p50', 50), ('p95', 95), ('p99', 99), ('max', 100), ('mean', 0)) as stats (stat, p)
