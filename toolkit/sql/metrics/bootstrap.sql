-- title: Sessions that ended without a book
-- unit: count
-- better: lower
-- figures: <venue>.bootstrap.no_first_frame <venue>.bootstrap.frame_no_book
-- definition: Ended connected sessions that never had a message; those that had one and never a book. Sessions still open at the end of a life are not counted.
-- source: run log, life-cycle lines
select v.venue as scope, 'bootstrap.' || c.class as metric,
       case when any_value(has_lifecycle) then count_if(coalesce(s.class = c.class, false)) end as value, count(s.venue) as n,
       'exact' as bound, value as low, value as high,
       case when value is null and not any_value(has_log) then 'no run log' when value is null then 'no life-cycle line in the log' end as note
from run_venues v, (values ('no_first_frame'), ('frame_no_book')) as c (class), run_log_proof
left join (select venue, case reached when 'first_message' then 'frame_no_book' when 'first_book' then 'had a book' else 'no_first_frame' end as class
           from run_disconnected) s on s.venue = v.venue
group by v.venue, c.class
