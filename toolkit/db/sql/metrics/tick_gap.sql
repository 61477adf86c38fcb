-- title: Time between records
-- unit: ms
-- better: lower
-- figures: run.tick_gap_ms.p50 run.tick_gap_ms.p95 run.tick_gap_ms.p99 run.tick_gap_ms.max
-- definition: Time from each record to the next of the same life (ms): percentiles (R type 7) and maximum. The median is the resolution of every age.
-- source: telemetry treasury_guidance.as_of_ms
with gaps as (select at_ms - lag(at_ms) over (partition by life order by seq) as gap_ms from run_ticks),
sorted as (select coalesce(list(gap_ms order by gap_ms), []) as l from gaps where gap_ms is not null)
select 'run' as scope, 'tick_gap_ms.' || stat as metric,
       case stat when 'max' then list_max(l) else percentile(l, p) end as value, len(l) as n,
       'exact' as bound, value as low, value as high,
       case when len(l) = 0 then 'fewer than two records with a time' end as note
from sorted, (values ('p50', 50), ('p95', 95), ('p99', 99), ('max', 100)) as stats (stat, p)
