-- Longest run of successive records above each limit, per venue of one telemetry file.
-- Parameters: $run_key, $file_no, $limits_ms, $least (records). An unknown age ends a run; a missing record does not.
with producer as (
    select v.venue, v.seq, v.t, case when t.at_is_estimate then null else v.at_ms + coalesce(offset_ms, 0) end as at_ms, limit_ms
    from venue_tick v join tick t on t.run_key = v.run_key and t.seq = v.seq
    asof left join (select seq, offset_ms from clock_step where run_key = $run_key) c on c.seq <= v.seq
    left join recorded_age r on r.seq = v.seq and r.venue = v.venue, (select unnest($limits_ms::bigint[]) as limit_ms)
    where v.run_key = $run_key and t.file_no = $file_no
      and case when v.has_apply_age then coalesce(r.age_ms, v.age_apply_ms) else v.age_event_ms end > limit_ms
),
runs as (
    select *, seq - row_number() over (partition by venue, limit_ms order by seq) as run from producer
),
measured as (
    select venue, limit_ms, count(*) as records, min(seq) as first_seq, arg_min(t, seq) as first_tick, arg_max(t, seq) as last_tick,
           arg_min_null(at_ms, seq) as from_ms, arg_max_null(at_ms, seq) as to_ms,
           case when to_ms >= from_ms then to_ms - from_ms end as duration_ms
    from runs group by venue, limit_ms, run having count(*) >= $least
)
select venue, limit_ms, duration_ms, records, first_tick, last_tick
from measured
qualify row_number() over (partition by venue, limit_ms order by duration_ms desc nulls last, records desc, first_seq) = 1
