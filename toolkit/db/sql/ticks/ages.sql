-- Insert ticks and venue ticks from the records in `data`, read with their ages only. Parameter: $run_key.
insert into tick by name
select $run_key as run_key, seq, 0 as life, t, at_ms, at_ms is null as at_is_estimate, line, file_no from data;

-- Arrays become rows. In a record without event ages, venue_age_ms is the event age. A venue that the record does not name
-- gets a placeholder of its index (`?0`), which ticks/venue_names.sql resolves.
insert into venue_tick by name
with wide as (
    select seq, t, at_ms, names_no, venue_age_event_ms is not null as has_apply_age,
           unnest(range(greatest(len(venue_age_ms), len(venue_age_event_ms)))) as idx,
           unnest(venue_age_ms) as age_ms, unnest(venue_age_event_ms) as event_ms
    from data
)
select $run_key as run_key, seq, 0 as life, t, at_ms,
       coalesce(getvariable('venue_names')[names_no + 1][idx + 1], '?' || idx) as venue,
       case when has_apply_age and age_ms >= 0 then age_ms end as age_apply_ms,
       case when not has_apply_age and age_ms >= 0 then age_ms when event_ms >= 0 then event_ms end as age_event_ms,
       has_apply_age
from wide where idx is not null;
