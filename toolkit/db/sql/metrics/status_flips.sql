-- title: Status changes
-- unit: count
-- better: lower
-- figures: <venue>.status_flips
-- definition: Number of changes of the reported status from one record to the next of the same life.
-- source: telemetry venue_status
with steps as (
    select venue, status, lag(status) over (partition by venue, life order by seq) as before from run_venue_ticks where status is not null
)
select r.venue as scope, 'status_flips' as metric, case when count(status) > 0 then count_if(status <> before) end as value, count(status) as n,
       'exact' as bound, value as low, value as high, case when value is null then 'no status recorded' end as note
from run_venues r left join steps using (venue) group by r.venue
