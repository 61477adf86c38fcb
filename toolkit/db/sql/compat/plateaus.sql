-- Longest run of successive records above each limit, per venue of one telemetry file.
-- Parameters: $run_key, $file_no, $limits_ms, $least (records). An unknown age ends a run; a missing record does not.
with producer as (
    select v.venue, v.seq, v.t, case when t.at_is_estimate then null else v.at_ms end as at_ms, limit_ms
    from venue_tick v join tick t on t.run_key = v.run_key and t.seq = v.seq
    left join recorded_age r on r.seq = v.seq and r.venue = v.venue, (select unnest($limits_ms::bigint[]) as limit_ms)
    where v.run_key = $run_key and t.file_no = $file_no
      and case when v.has_apply_age then coalesce(r.age_ms, v.age_apply_ms) else v.age_event_ms end > limit_ms
),
runs as (
    select *, seq - row_number() over (partition by venue, limit_ms order by seq) as run from producer
),
stretches as (
    select venue, limit_ms, count(*) as records, min(seq) as first_seq, max(seq) as last_seq, arg_min(t, seq) as first_tick,
           arg_max(t, seq) as last_tick, arg_min_null(at_ms, seq) as from_ms, arg_max_null(at_ms, seq) as to_ms
    from runs group by venue, limit_ms, run having count(*) >= $least
),
-- The tools subtract the times as recorded, with the steps of the clock.
steps as (select seq, offset_ms from clock_step where run_key = $run_key),
measured as (
    select s.*, to_ms + coalesce(l.offset_ms, 0) - from_ms - coalesce(f.offset_ms, 0) as recorded_ms,
           case when recorded_ms >= 0 then recorded_ms end as duration_ms
    from stretches s asof left join steps f on f.seq <= first_seq asof left join steps l on l.seq <= last_seq
)
select venue, limit_ms, duration_ms, records, first_tick, last_tick
from measured
qualify row_number() over (partition by venue, limit_ms order by duration_ms desc nulls last, records desc, first_seq) = 1
