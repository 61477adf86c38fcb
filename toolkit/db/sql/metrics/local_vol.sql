-- title: Volatility per venue
-- unit: number
-- better: none
-- figures: <venue>.local_vol.p50 <venue>.local_vol.p95 <venue>.local_vol.p99 <venue>.local_vol.max <venue>.local_vol.mean
-- definition: The model's short-term volatility of the venue's own mid (log returns, per tick): percentiles, maximum and mean.
-- source: telemetry venue_local_vol_short
with sorted as (
    select venue, list(local_vol_short order by local_vol_short) as l, favg(local_vol_short) as mean
    from run_venue_ticks where local_vol_short is not null group by venue
)
select v.venue as scope, 'local_vol.' || stat as metric, case stat when 'mean' then mean else percentile(l, p) end as value,
       coalesce(len(l), 0) as n, 'exact' as bound, value as low, value as high, case when value is null then 'no record carries this field' end as note
from run_venues v left join sorted using (venue)
cross join (values ('p50', 50), ('p95', 95), ('p99', 99), ('max', 100), ('mean', 0)) as stats (stat, p)
