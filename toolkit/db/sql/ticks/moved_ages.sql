-- Take forward steps out of the apply ages of a producer that measures them by the wall clock: until the next book, such an age
-- holds the step. The ages as recorded go to `recorded_age`.
create or replace temp table moved_age as
with moved as (
    -- The age of a venue without a new book grew by the whole gap.
    select distinct g.seq, g.life, step_ms, known_ms - gap_ms + expected_ms / 2 as before_ms
    from clock_gap g join venue_tick a on a.seq = g.seq join venue_tick b on b.seq = g.before_seq and b.venue = a.venue
    where is_step and step_ms > 0 and abs(a.age_apply_ms - b.age_apply_ms - gap_ms) <= expected_ms / 2
)
select v.seq, v.venue, any_value(age_apply_ms) as age_ms, sum(step_ms)::bigint as step_ms
from venue_tick v join ordered_tick o using (seq) join moved m on m.life = o.life and v.seq >= m.seq and known_ms - age_apply_ms <= before_ms
group by v.seq, v.venue;

insert into recorded_age by name select seq, venue::varchar as venue, age_ms from moved_age anti join recorded_age using (seq, venue);
update venue_tick set age_apply_ms = greatest(age_apply_ms - step_ms, 0)
from moved_age m where m.seq = venue_tick.seq and m.venue = venue_tick.venue;
drop table moved_age;
