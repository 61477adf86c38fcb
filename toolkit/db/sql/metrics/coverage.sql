-- title: Coverage of the requested time
-- unit: share
-- better: higher
-- figures: run.coverage.share
-- definition: Time covered by telemetry (first to last record of each life, summed) divided by the requested run time. Build time that the log shows is excluded from the requested time.
-- source: run.span_ms over run.requested_ms
with observed as (
    select sum(span_ms) as span_ms, sum(n) as n from (select max(at_ms) - min(at_ms) as span_ms, count(*) as n from run_ticks group by life)
)
select 'run' as scope, 'coverage.share' as metric, coalesce(span_ms, 0) / requested_ms as value, coalesce(n, 0) as n,
       'exact' as bound, value as low, value as high,
       case when requested_ms is null then 'the requested time is not known' end as note
from observed, run_info
