-- title: Funding
-- unit: number
-- better: none
-- figures: <venue>.funding_rate_8h.p50 <venue>.funding_rate_8h.p95 <venue>.funding_rate_8h.p99 <venue>.funding_rate_8h.max <venue>.funding_rate_8h.mean <venue>.funding_age_ms.p50:ms:lower <venue>.funding_age_ms.p95:ms:lower <venue>.funding_age_ms.p99:ms:lower <venue>.funding_age_ms.max:ms:lower <venue>.funding_age_ms.mean:ms:lower run.funding_rate_8h.dispersion
-- definition[funding_rate_8h.dispersion]: Highest minus lowest of the venues' mean funding rates, for at least two venues.
-- definition[funding_rate_8h.*]: Funding rate over 8 hours (0.0001 is one basis point).
-- definition[funding_age_ms.*]: Time since the venue last sent its funding rate (ms).
-- definition: Records before February 2026 do not carry these fields.
-- source: telemetry venue_funding_rate_8h, venue_funding_age_ms
with sorted as (
    select venue, 'funding_rate_8h' as name, list(funding_rate_8h order by funding_rate_8h) as l, favg(funding_rate_8h) as mean
    from run_venue_ticks where funding_rate_8h is not null group by venue
    union all
    select venue, 'funding_age_ms', list(funding_age_ms order by funding_age_ms), favg(funding_age_ms)
    from run_venue_ticks where funding_age_ms >= 0 group by venue
),
results as (
    select v.venue as scope, m.name || '.' || stat as metric, case stat when 'mean' then mean else percentile(l, p) end as value, coalesce(len(l), 0) as n
    from run_venues v cross join (values ('funding_rate_8h'), ('funding_age_ms')) as m (name)
    left join sorted s on s.venue = v.venue and s.name = m.name
    cross join (values ('p50', 50), ('p95', 95), ('p99', 99), ('max', 100), ('mean', 0)) as stats (stat, p)
    union all
    select 'run', 'funding_rate_8h.dispersion', case when count(*) > 1 then max(mean) - min(mean) end, count(*) from sorted where name = 'funding_rate_8h'
)
select scope, metric, value, n, 'exact' as bound, value as low, value as high,
       case when value is null and scope = 'run' then 'fewer than two venues with a rate' when value is null then 'no record of this venue carries this field' end as note
from results
