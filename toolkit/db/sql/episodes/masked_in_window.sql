-- REST masking within a window: the stretches of the whole run, cut at the window's edges.
create or replace table run_masked as
select m.* replace (greatest(m.from_ms, begin_ms) as from_ms, least(m.to_ms, end_ms) as to_ms,
                    greatest(least(to_low_ms, end_ms), begin_ms) as to_low_ms, least(to_high_ms, end_ms) as to_high_ms)
from whole_masked m join window_now w on w.life = m.life and m.to_ms > begin_ms and m.from_ms < end_ms;
create or replace table run_masked_proof as from whole_masked_proof;

insert into episode by name
select e.* replace (greatest(e.from_ms, begin_ms) as from_ms, least(e.to_ms, end_ms) as to_ms)
from whole_episode e join window_now w on e.to_ms > begin_ms and e.from_ms < end_ms where e.kind = 'masked';
