-- title: Ticks after the last record
-- unit: count
-- better: lower
-- figures: run.ticks_unrecorded
-- definition: Ticks that the market_rx lines count after the last telemetry record of the same life: records that were never written, as when the program is stopped between the two. Ticks that the telemetry skips before its last record are ticks_missing.
-- source: market_rx_stats lines; telemetry t
with lives as (
    select (select count(distinct life) from run_rx_stats) as rx, (select count(distinct life) from run_ticks) as telemetry
),
counted as (select count(*) as compared, coalesce(sum(greatest(rx_tick - t, 0)), 0)::bigint as ticks from run_last_ticks)
select 'run' as scope, 'ticks_unrecorded' as metric, case when rx = telemetry and compared > 0 then ticks end as value, compared as n,
       'exact' as bound, value as low, value as high,
       case when rx = 0 then 'no market_rx line' when telemetry = 0 then 'no telemetry'
            when value is null then 'the market_rx lines and the telemetry have different lives' end as note
from counted, lives
