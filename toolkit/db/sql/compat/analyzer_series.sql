-- Series that the analyzer computes by its own rules, over the records of one telemetry file that it can read: mean,
-- percentiles 50, 95 and 99, maximum and number. A field that no record has is excluded. Parameters: $run_key, $file_no.
with readable as (
    select * from tick where run_key = $run_key and file_no = $file_no qualify count(*) over (partition by line) = 1
),
samples as (
    -- Both count from the start of the tick.
    select 'event_drain_us' as series, null as venue, event_drain_us::double as amount, true as known from readable where event_drain_us is not null
    union all select 'engine_us', null, engine_us, true from readable where engine_us is not null
    -- A missing value counts as 0 if others exist. The negative spread of a crossed book is excluded.
    union all select 'spread', venue, coalesce(spread_usd, 0), spread_usd is not null from venue_tick semi join readable using (run_key, seq)
    where spread_usd is null or spread_usd >= 0
    union all select 'depth', venue, coalesce(depth_usd, 0), depth_usd is not null from venue_tick semi join readable using (run_key, seq)
),
sorted as (
    select series, venue, list(amount order by amount) as l, list_sum(l) / len(l) as mean from samples group by all having bool_or(known)
),
positions as (select *, unnest([50, 95, 99]) as p, (len(l) - 1) * p / 100.0 as k, floor(k) as low, ceil(k) as high from sorted),
placed as (
    -- The analyzer's order of operations, which decides the last digit.
    select series, venue, any_value(mean) as mean, any_value(l[-1]) as highest, any_value(len(l)) as n,
           list(case when low = high then l[low::bigint + 1] else l[low::bigint + 1] * (high - k) + l[high::bigint + 1] * (k - low) end
                order by p) as percentiles
    from positions group by series, venue
)
select series, venue, mean, percentiles[1], percentiles[2], percentiles[3], highest, n from placed order by all
