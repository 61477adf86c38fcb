-- What the telemetry alone says of a run. Bound: $run_key.
select min(from_ms), max(to_ms), sum(to_ms - from_ms)::bigint, count(*)::integer,
       (select bool_or(has_apply_age) from venue_tick where run_key = $run_key),
       (select bool_or(not has_apply_age) from venue_tick where run_key = $run_key)
from (select min(at_ms) as from_ms, max(at_ms) as to_ms from tick where run_key = $run_key group by life)
