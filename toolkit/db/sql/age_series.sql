-- Percentiles (R type 7) of each venue's ages in equal numbers of ticks: $batches long parts and $steps short ones, in order.
-- Ticks outside the time from $from_ms until $until_ms, where they are given, do not count.
-- A venue with a part without a known age, or with fewer than $min_ticks ticks, has no row.
with ages as (
    select venue, metric, age, seq, life
    from (select venue, seq, life, age_apply_ms, case when age_event_ms < 1000000000 then age_event_ms end as age_event_ms from run_venue_ticks
          where coalesce(at_ms >= $from_ms, true) and coalesce(at_ms <= $until_ms, true))
    unpivot include nulls (age for metric in (age_apply_ms, age_event_ms))
),
cut as (
    select venue, metric, age, ntile($steps) over same as step, count(*) over (partition by venue, metric) as ticks
    from ages window same as (partition by venue, metric order by life, seq)
),
steps as (
    select venue, metric, step, quantile_cont(age, [0.5, 0.95, 0.99]) as percentiles from cut where ticks >= $min_ticks group by all
),
batches as (
    select venue, metric, (step - 1) * $batches // $steps as batch, quantile_cont(age, [0.5, 0.95, 0.99]) as percentiles
    from cut where ticks >= $min_ticks group by all
)
select venue || '.' || metric || '.' || stat as figure, long.series, short.series
from (values ('p50', 1), ('p95', 2), ('p99', 3)) as stats (stat, idx)
cross join lateral (
    select venue, metric, list(percentiles[idx] order by step) as series from steps group by all having count(percentiles) = $steps
) short
join lateral (
    select venue, metric, list(percentiles[idx] order by batch) as series from batches group by all having count(percentiles) = $batches
) long using (venue, metric)
order by figure
