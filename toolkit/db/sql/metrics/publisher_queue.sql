-- title: Publisher queue, high-water mark
-- unit: count
-- better: lower
-- figures: run.publisher.queue_hiwater run.publisher.queue_hiwater.p50 run.publisher.queue_hiwater.p95
-- definition[publisher.queue_hiwater]: Largest number of events queued within a reporting interval, over all publishers: the maximum of all intervals.
-- definition[publisher.queue_hiwater.p50]: Largest number of events queued within a reporting interval, over all publishers: median over the intervals.
-- definition[publisher.queue_hiwater.p95]: Largest number of events queued within a reporting interval, over all publishers: 95th percentile over the intervals (R type 7).
-- source: run log, WS_AUDIT component=market_publisher reason=periodic
with sorted as (
    select coalesce(list(value order by value), []) as l from run_counters where name = 'queued_hiwater' and venue is null
)
select 'run' as scope, 'publisher.queue_hiwater' || suffix as metric,
       case when suffix = '' then list_max(l) else percentile(l, p) end as value, len(l) as n, 'exact' as bound, value as low, value as high,
       case when value is null then 'not instrumented' end as note
from sorted, (values ('', 100), ('.p50', 50), ('.p95', 95)) as s (suffix, p)
