-- List the apply ages that a clock set back may have made too small. Parameter: $run_key.
-- A producer that measures ages by the wall clock writes 0 instead of a negative age, and later too little by the step, until
-- the venue's next book. Where an age shows that the producer measures by another clock, none is listed.
create or replace temp table aged_tick as
with steps as (
    select life, seq as from_seq, lead(seq, 1, 9223372036854775807) over (partition by life order by seq) as to_seq, step_ms, offset_ms
    from clock_step where run_key = $run_key
),
-- The last book before each step, by the wall clock of then.
before as (
    select s.*, v.venue, b.at_ms as before_ms, v.age_apply_ms as age_before_ms,
           b.at_ms + offset_ms - step_ms - coalesce(r.age_ms, v.age_apply_ms) as book_wall_ms
    from steps s join tick b on b.seq = from_seq - 1 join venue_tick v on v.seq = b.seq left join recorded_age r on r.seq = v.seq and r.venue = v.venue
    where v.age_apply_ms is not null
),
after as (
    select b.*, v.seq, v.at_ms, v.mid_usd, v.age_apply_ms as age_ms, v.at_ms + offset_ms as wall_ms, coalesce(r.age_ms, v.age_apply_ms) as recorded_ms
    from before b join venue_tick v on v.venue = b.venue and v.life = b.life and v.seq >= from_seq and v.seq < to_seq
    left join recorded_age r on r.seq = v.seq and r.venue = v.venue
    where v.age_apply_ms is not null
)
select *, not (recorded_ms = 0 and wall_ms <= book_wall_ms + 50 or abs(wall_ms - recorded_ms - book_wall_ms) <= 50) as is_new
from after;

insert into doubted_age
with ranges as (
    select life, venue, from_seq, bool_or(step_ms < 0) as back, min(seq) filter (is_new) as new_seq, any_value(before_ms) as before_ms, any_value(age_before_ms) as age_before_ms
    from aged_tick group by life, venue, from_seq
),
-- Where no new book is seen before the next step, the doubt goes on with the last sure age.
chained as (
    select *, sum((not open_before)::integer) over (partition by life, venue order by from_seq) as chain
    from (select *, coalesce(lag(new_seq is null and back) over (partition by life, venue order by from_seq), false) as open_before from ranges)
),
begun as (
    select life, venue, from_seq, new_seq, bool_or(back) over same as back, first_value(before_ms) over same as before_ms, first_value(age_before_ms) over same as age_before_ms
    from chained window same as (partition by life, venue, chain order by from_seq)
),
-- A mid that changes shows a new book since the record before.
changes as (
    select *, last_value(case when mid_usd <> last_mid then last_ms end ignore nulls) over (partition by life, venue, from_seq order by seq) as changed_ms
    from (select *, lag(mid_usd) over same as last_mid, lag(at_ms) over same as last_ms from aged_tick window same as (partition by life, venue, from_seq order by seq))
)
select c.seq, c.venue, least(b.age_before_ms + c.at_ms - b.before_ms, c.at_ms - coalesce(changed_ms, b.before_ms - b.age_before_ms)) as highest_ms
from changes c join begun b on b.life = c.life and b.venue = c.venue and b.from_seq = c.from_seq
where back and c.seq < coalesce(new_seq, 9223372036854775807) and highest_ms > age_ms
  and not exists (from aged_tick where recorded_ms >= at_ms - before_ms + 50 and abs(recorded_ms - age_before_ms - at_ms + before_ms) <= 50);
drop table aged_tick;
