-- Facts of a run that come from its telemetry alone. Parameter: $run_key.
-- Begin and end are the recorded times; the span has the steps of the wall clock taken out.
with spans as (
    select life, min(at_ms) as first_ms, max(at_ms) as last_ms, last_ms - first_ms as span_ms, min(seq) as first_seq, max(seq) as last_seq from tick where run_key = $run_key group by life
),
recorded_spans as (
    select first_ms + coalesce(f.offset_ms, 0) as from_ms, last_ms + coalesce(l.offset_ms, 0) as to_ms, span_ms
    from spans asof left join (select seq, offset_ms from clock_step where run_key = $run_key) f on f.seq <= first_seq
    asof left join (select seq, offset_ms from clock_step where run_key = $run_key) l on l.seq <= last_seq
),
spanned as (
    select min(from_ms) as started_ms, max(to_ms) as ended_ms, sum(span_ms)::bigint as observed_ms, count(*)::integer as lives from recorded_spans
),
recorded as (
    select count(*) as records, arg_min(execution_mode, seq) filter (where execution_mode is not null) as execution_mode,
           arg_min({'kill_reason': kill_reason, 'kill_file': file_no, 'kill_line': line}, seq) filter (where kill_switch and life = last_life) as killed
    from tick, (select max(life) as last_life from spans) where run_key = $run_key
),
aged as (
    select bool_or(has_apply_age) as applies, bool_or(not has_apply_age) as events_only,
           bool_or(age_apply_ms is not null or age_event_ms is not null or mid_usd > 0) as has_data
    from venue_tick where run_key = $run_key
)
select started_ms, ended_ms, observed_ms, lives, records, applies, events_only, has_data, execution_mode,
       killed.kill_reason as kill_reason, killed.kill_file as kill_file, killed.kill_line as kill_line
from spanned, recorded, aged
