-- title: Time in each status
-- unit: share
-- better: none
-- figures: <venue>.status.healthy.share:higher <venue>.status.warning.share:lower <venue>.status.stale.share:lower <venue>.status.disabled.share:lower
-- definition[status.healthy.share]: Share of time in which the producer reports the venue as Healthy.
-- definition[status.warning.share]: Share of time in which the producer reports the venue as Warning.
-- definition[status.stale.share]: Share of time in which the producer reports the venue as Stale.
-- definition[status.disabled.share]: Share of time in which the producer reports the venue as Disabled.
-- definition: A tick weighs the time to the next tick.
-- source: telemetry venue_status
with timed as (
    select venue, status, sum(weight_ms) as ms, count(*) as n from run_venue_ticks where status is not null group by venue, status
),
totals as (select venue, sum(ms) as total_ms, sum(n) as n from timed group by venue)
select r.venue as scope, 'status.' || lower(s.status) || '.share' as metric, coalesce(t.ms, 0) / total_ms as value, coalesce(totals.n, 0) as n,
       'exact' as bound, value as low, value as high, case when value is null and totals.n > 0 then 'no record carries a time' when value is null then 'no status recorded' end as note
from run_venues r, (values ('Healthy'), ('Warning'), ('Stale'), ('Disabled')) as s (status)
left join totals on totals.venue = r.venue left join timed t on t.venue = r.venue and t.status = s.status
