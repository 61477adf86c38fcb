-- title: Plateaus
-- unit: ms
-- better: lower
-- figures: <venue>.plateau_10s.count:count <venue>.plateau_10s.total_ms <venue>.plateau_10s.longest_ms <venue>.plateau_30s.count:count <venue>.plateau_30s.total_ms <venue>.plateau_30s.longest_ms <venue>.plateau_<limit>.count:count <venue>.plateau_<limit>.total_ms <venue>.plateau_<limit>.longest_ms <venue>.plateau_event_10s.count:count <venue>.plateau_event_10s.total_ms <venue>.plateau_event_10s.longest_ms <venue>.plateau_event_30s.count:count <venue>.plateau_event_30s.total_ms <venue>.plateau_event_30s.longest_ms <venue>.plateau_event_<limit>.count:count <venue>.plateau_event_<limit>.total_ms <venue>.plateau_event_<limit>.longest_ms
-- definition[plateau_event_10s.count]: Number of stretches in which the event age stays above 10 s.
-- definition[plateau_event_10s.total_ms]: Total duration of the stretches in which the event age stays above 10 s (ms).
-- definition[plateau_event_10s.longest_ms]: Longest stretch in which the event age stays above 10 s (ms).
-- definition[plateau_event_30s.count]: Number of stretches in which the event age stays above 30 s.
-- definition[plateau_event_30s.total_ms]: Total duration of the stretches in which the event age stays above 30 s (ms).
-- definition[plateau_event_30s.longest_ms]: Longest stretch in which the event age stays above 30 s (ms).
-- definition[plateau_event_<limit>.count]: Number of stretches in which the event age stays above the requested limit.
-- definition[plateau_event_<limit>.total_ms]: Total duration of the stretches in which the event age stays above the requested limit (ms).
-- definition[plateau_event_<limit>.longest_ms]: Longest stretch in which the event age stays above the requested limit (ms).
-- definition[plateau_10s.count]: Number of stretches in which the apply age stays above 10 s.
-- definition[plateau_10s.total_ms]: Total duration of the stretches in which the apply age stays above 10 s (ms).
-- definition[plateau_10s.longest_ms]: Longest stretch in which the apply age stays above 10 s (ms).
-- definition[plateau_30s.count]: Number of stretches in which the apply age stays above 30 s.
-- definition[plateau_30s.total_ms]: Total duration of the stretches in which the apply age stays above 30 s (ms).
-- definition[plateau_30s.longest_ms]: Longest stretch in which the apply age stays above 30 s (ms).
-- definition[plateau_<limit>.count]: Number of stretches in which the apply age stays above the requested limit.
-- definition[plateau_<limit>.total_ms]: Total duration of the stretches in which the apply age stays above the requested limit (ms).
-- definition[plateau_<limit>.longest_ms]: Longest stretch in which the apply age stays above the requested limit (ms).
-- definition: A stretch begins at the time of its first tick minus that tick's age, and ends at the first known age at or below the limit, or at the last tick of the life. One tick is enough.
-- source: telemetry venue_age_ms and venue_age_event_ms
with counted as (
    select venue, count(age_apply_ms) as apply, count(age_event_ms) filter (age_event_ms < 1000000000) as event
    from run_venue_ticks group by venue
),
known as (from counted unpivot (n for basis in (apply, event))),
stretches as (
    select basis, venue, limit_ms, count(*) as count, sum(length_ms) as total_ms, max(length_ms) as longest_ms,
           bool_or(cut_by_hole) as cut
    from run_plateaus group by all
)
select venue as scope, if(basis = 'apply', 'plateau_', 'plateau_event_') || name || '.' || stat as metric,
       case when coalesce(n, 0) > 0 then coalesce(amount, if(count is null, 0, null)) end as value, coalesce(n, 0) as n,
       case when cut or stepped then 'estimate' else 'exact' end as bound,
       case when bound = 'exact' then value end as low, case when bound = 'exact' then value end as high,
       case when coalesce(n, 0) = 0 then 'no ' || basis || ' age known' when value is null then 'no record carries a time'
            when stepped then 'the wall clock stepped: the ages before and after rest on different clocks'
            when cut then 'a hole in the records ended a stretch early' end as note
from run_venues cross join (values ('apply'), ('event')) as bases (basis) cross join run_plateau_limits
cross join (select coalesce(shift_ms >= 1000, true) as by_steps from run_clock_shift)
left join known using (venue, basis) left join stretches using (basis, venue, limit_ms),
     lateral (values (by_steps and basis = 'event')) as s (stepped),
     lateral (values ('count', count), ('total_ms', total_ms), ('longest_ms', longest_ms)) as stats (stat, amount)
