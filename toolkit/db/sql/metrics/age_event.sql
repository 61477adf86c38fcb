-- title: Event age
-- unit: ms
-- better: lower
-- figures: <venue>.age_event_ms.p50 <venue>.age_event_ms.p95 <venue>.age_event_ms.p99 <venue>.age_event_ms.max <venue>.age_event_ms.mean
-- definition: Age of the last applied book by the time stamp it carries, known ages only; the basis differs per venue (exchange clock or local) and venues are not ranked by it. A value of 10⁹ ms or more is a missing time stamp and set aside.
-- source: telemetry venue_age_event_ms, or venue_age_ms in a vintage without it
select venue as scope, 'age_event_ms.' || stat as metric, value, coalesce(n, 0) as n, 'exact' as bound, value as low, value as high,
       case when n is null then 'never known' end as note
from run_venues cross join (values ('p50'), ('p95'), ('p99'), ('max'), ('mean')) as stats (stat)
left join age_stats('run_event_ages') using (venue, stat)
