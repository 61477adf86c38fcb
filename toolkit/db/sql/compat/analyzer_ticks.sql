-- Records of one telemetry file that the analyzer can read: their number, first and last tick, the number with at least two
-- venues not Healthy, and the number with at least two Healthy and priced. Parameters: $run_key, $file_no.
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
