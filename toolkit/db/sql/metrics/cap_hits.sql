-- title: Delta cap hits
-- unit: count
-- better: lower
-- figures: run.cap_hits run.cap_hits.ticks run.cap_hits.max_per_tick
-- definition[cap_hits]: Venues that reached the cap of buffered deltas in a tick, summed over the ticks (the producer's count is per tick, not cumulative).
-- definition[cap_hits.ticks]: Ticks in which at least one venue reached the cap of buffered deltas.
-- definition[cap_hits.max_per_tick]: Largest number of venues that reached the cap of buffered deltas in one tick.
-- definition: The market_rx lines and the telemetry hold the same counts; the more complete of the two is used. Without a configured cap there can be no hit.
-- source: market_rx_stats cap_hits; telemetry market_rx_stats.cap_hits
with rx as (
    select coalesce(sum(cap_hits), 0) as hits, count_if(cap_hits > 0) as ticks, coalesce(max(cap_hits), 0) as max_per_tick, count(cap_hits) as n,
           coalesce(max(step), 1) > 1 or count(*) - count_if(step = 0) < (select ticks from run_known_ticks) as skips
    from run_rx_steps
),
telemetry as (
    select coalesce(sum(cap_hits), 0) as hits, count_if(cap_hits > 0) as ticks, coalesce(max(cap_hits), 0) as max_per_tick, count(cap_hits) as n,
           count(cap_hits) < count(*) or (select skips from run_known_ticks) as skips
    from run_ticks
),
chosen as (select * from (select *, 1 as rank from rx union all select *, 2 from telemetry) where n > 0 order by n desc, rank limit 1)
select 'run' as scope, metric, value, coalesce(n, 0) as n, case when skips then 'lower' else 'exact' end as bound,
       value as low, case when not skips then value end as high,
       case when value is null then 'no market_rx line and no copy in telemetry'
            when skips then 'the counts of some ticks are missing' when hits = 0 and cap = 'unknown' then 'cap setting unknown: without a cap there can be no hit'
            when hits = 0 and cap = 'none' then 'cannot move: no cap of buffered deltas is set' end as note
from run_delta_cap left join chosen on true,
     lateral (values ('cap_hits', hits), ('cap_hits.ticks', ticks), ('cap_hits.max_per_tick', max_per_tick)) as v (metric, value)
