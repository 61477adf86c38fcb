-- title: Event ages without a time stamp
-- unit: count
-- better: lower
-- figures: <venue>.age_event_bogus
-- definition: Records whose event age is 10⁹ ms or more: the event carried no time stamp, so its age is that of the epoch. Set aside from the percentiles.
-- source: telemetry venue_age_event_ms
select venue as scope, 'age_event_bogus' as metric, case when count(age_event_ms) > 0 then count_if(age_event_ms >= 1000000000) end as value,
       count(age_event_ms) as n, 'exact' as bound, value as low, value as high,
       case when count(age_event_ms) = 0 then 'no event age recorded' end as note
from run_venues left join run_venue_ticks using (venue) group by venue
