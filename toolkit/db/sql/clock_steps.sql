-- The $most largest steps of the wall clock, those between two lives included, each at the first record after it; and the number
-- of all. In a window, its steps only: the table `tick` then holds its records.
with step as (
    select s.file_no, s.line, s.t, step_ms, false as between_lives, false as at_least from clock_step s semi join tick using (seq)
    union all
    select file_no, line, t, step_ms, true, at_least from life_step join tick using (seq)
    where life_step.seq > (select min(seq) from tick)
)
select *, count(*) over () as steps from step order by abs(step_ms) desc, file_no, line limit $most
