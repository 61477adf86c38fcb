-- title: Plateaus above 10 s
-- unit: ms
-- better: lower
-- figures: <venue>.plateau_10s.count:count <venue>.plateau_10s.total_ms <venue>.plateau_10s.longest_ms
-- definition: Stretches in which the apply age is above 10 s: how many, how long together, the longest. A stretch begins when its first age says (the age itself proves the time) and ends at the first tick back under the limit, else at the last tick of the life; one tick is enough.
-- source: telemetry venue_age_ms
with counted as (
    select v.venue, count(p.venue) as count, coalesce(sum(to_ms - from_ms), 0) as total_ms, coalesce(max(to_ms - from_ms), 0) as longest_ms,
           bool_or(cut_by_hole) as cut, any_value(k.n) as n
    from run_venues v
    left join (select venue, count(age_apply_ms) as n from run_venue_ticks group by venue) k using (venue)
    left join run_plateaus p on p.venue = v.venue and limit_ms = 10000
    group by v.venue
)
select venue as scope, 'plateau_10s.' || stat as metric, case when n > 0 then amount end as value, coalesce(n, 0) as n,
       case when cut then 'estimate' else 'exact' end as bound,
       case when not coalesce(cut, false) then value end as low, case when not coalesce(cut, false) then value end as high,
       case when coalesce(n, 0) = 0 then 'no apply age known' when cut then 'a hole in the records cut a stretch' end as note
from counted, lateral (values ('count', count), ('total_ms', total_ms), ('longest_ms', longest_ms)) as stats (stat, amount)
