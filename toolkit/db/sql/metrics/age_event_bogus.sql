-- title: Event ages without a timestamp
-- unit: count
-- better: lower
-- figures: <venue>.age_event_bogus
-- definition: Number of records whose event age is 10⁹ ms or more. Their event carried no timestamp, so the age counts from the Unix epoch. These records are excluded from the percentiles of the event age.
-- source: telemetry venue_age_event_ms
select venue as scope, 'age_event_bogus' as metric, case when count(age_event_ms) > 0 then count_if(age_event_ms >= 1000000000) end as value,
       count(age_event_ms) as n, 'exact' as bound, value as low, value as high,
       case when count(age_event_ms) = 0 then 'no event age recorded' end as note
from run_venues left join run_venue_ticks using (venue) group by venue
