-- Steps of the wall clock, those between two lives included, each at the first record after it. In a window, its steps only: the
-- table `tick` then holds its records.
select s.file_no, s.line, s.t, step_ms, false as between_lives, false as at_least from clock_step s semi join tick using (seq)
union all
select file_no, line, t, step_ms, true, at_least from life_step join tick using (seq)
where life_step.seq > (select min(seq) from tick)
order by file_no, line
