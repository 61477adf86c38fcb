-- title: Time in each funding status
-- unit: share
-- better: lower
-- figures: <venue>.funding_status.healthy.share:higher <venue>.funding_status.stale.share <venue>.funding_status.unknown.share
-- definition[funding_status.healthy.share]: Share of time in which the producer reports the venue's funding rate as healthy.
-- definition[funding_status.stale.share]: Share of time in which the producer reports the venue's funding rate as stale.
-- definition[funding_status.unknown.share]: Share of time in which the producer reports the venue's funding rate as unknown.
-- definition: A tick weighs the time to the next tick.
-- source: telemetry venue_funding_status
with timed as (
    select venue, funding_status as status, sum(weight_ms) as ms, count(*) as n from run_venue_ticks where funding_status is not null group by all
),
totals as (select venue, sum(ms) as total_ms, sum(n) as n from timed group by venue)
select r.venue as scope, 'funding_status.' || lower(s.status) || '.share' as metric, coalesce(t.ms, 0) / total_ms as value, coalesce(totals.n, 0) as n,
       'exact' as bound, value as low, value as high, case when value is null then 'no funding status recorded' end as note
from run_venues r cross join (values ('Healthy'), ('Stale'), ('Unknown')) as s (status)
left join totals on totals.venue = r.venue left join timed t on t.venue = r.venue and t.status = s.status
