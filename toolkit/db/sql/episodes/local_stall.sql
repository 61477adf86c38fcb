-- Local stall: three or more venues go stale within one second. The cause is this host, not a venue.
insert into episode by name
with stalled as (
    select distinct life, stale_from_ms as from_ms, max(to_ms) over following as to_ms, count(distinct venue) over following as venues
    from run_outages where not leads and stale_from_ms is not null
    window following as (partition by life order by stale_from_ms range between current row and 1000 following)
),
first as (select *, lag(from_ms) over (order by from_ms) as before_ms from stalled where venues >= 3)
select 1 as run_key, 'run' as venue, 'local_stall' as kind, from_ms, to_ms, venues || ' venues' as class,
       null as reason, []::varchar[] as flags, '[]' as lines
from first where before_ms is null or from_ms > before_ms + 1000;
