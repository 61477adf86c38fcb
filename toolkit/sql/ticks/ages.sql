-- Ticks and their venues from records of which the ages alone were read. Bound: $run_key.
insert into tick by name
select $run_key as run_key, r.seq, o.life, r.t, o.at_ms, o.at_is_estimate, o.weight_ms, o.hole_ms, r.line, r.file_no
from raw_tick r positional join timed_tick o;

set variable venue_names = (select list(names order by names_no) from raw_names);

-- Arrays become rows. Without event ages in the record, the producer's only age is the event age. The table has no more
-- columns than are asked for: one of nulls takes as much memory as one of numbers.
create or replace table venue_tick as
with wide as (
    select r.seq, r.t, r.names_no, o.life, o.at_ms, o.weight_ms, venue_age_event_ms is not null as has_apply_age,
           unnest(venue_age_ms) as age_ms, unnest(venue_age_event_ms) as event_ms,
           unnest(range(greatest(len(venue_age_ms), len(venue_age_event_ms)))) as idx
    from raw_tick r positional join timed_tick o
)
select $run_key as run_key, seq, life, t, at_ms, weight_ms,
       coalesce(getvariable('venue_names')[names_no + 1][idx + 1], getvariable('venue_names')[-1][idx + 1],
                'venue_' || idx) as venue,
       case when has_apply_age and age_ms >= 0 then age_ms end as age_apply_ms,
       case when not has_apply_age and age_ms >= 0 then age_ms when event_ms >= 0 then event_ms end as age_event_ms,
       has_apply_age, null::double as mid_usd
from wide;
