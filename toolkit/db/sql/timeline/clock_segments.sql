-- List the segments between two steps of this host's clock, with their first and last time by that clock. Parameter: $run_key.
-- In a segment, recorded times differ from those of the ticks by a constant.
create or replace temp table clock_segment as
with steps as (select seq, offset_ms, row_number() over (order by seq) as number from clock_step where run_key = $run_key)
select coalesce(number, 0) as number, any_value(coalesce(offset_ms, 0)) as offset_ms, min(at_ms + coalesce(offset_ms, 0)) as from_ms,
       max(at_ms + coalesce(offset_ms, 0) + weight_ms) as to_ms
from (select * from tick where run_key = $run_key) t asof left join steps s on s.seq <= t.seq group by coalesce(number, 0);

create or replace temp table clock_range (from_ms bigint, low bigint, high bigint);
