-- Records that the tool can read in one telemetry file: how many, the first and the last tick, in how many of them two
-- venues or more are not healthy, and in how many two or more are healthy and priced. Bound: $run_key, $file_no.
with readable as (
    select seq, t
    from (select seq, t, count(*) over (partition by line) as on_line from tick where run_key = $run_key and file_no = $file_no)
    where on_line = 1
),
counted as (
    select count_if(status <> 'Healthy') as unhealthy, count_if(status = 'Healthy' and mid_usd > 0) as priced
    from venue_tick join readable using (seq) where run_key = $run_key group by seq
)
select count(*) as ticks, arg_min(t, seq) as first_tick, arg_max(t, seq) as last_tick,
       (select count_if(unhealthy >= 2) from counted) as together, (select count_if(priced >= 2) from counted) as priced
from readable
