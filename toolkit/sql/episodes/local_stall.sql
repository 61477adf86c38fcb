-- This host, not a venue: three venues or more go stale within one second.
insert into episode by name
with together as (
    select a.stale_from_ms as from_ms, max(b.to_ms) as to_ms, count(distinct b.venue) as venues
    from run_outages a join run_outages b
      on b.stale_from_ms between a.stale_from_ms and a.stale_from_ms + 1000 and not b.leads and a.life = b.life
    where not a.leads group by a.life, a.stale_from_ms
),
first as (select *, lag(from_ms) over (order by from_ms) as before_ms from together where venues >= 3)
select 1 as run_key, 'run' as venue, 'local_stall' as kind, from_ms, to_ms, venues || ' venues' as class,
       null as reason, []::varchar[] as flags, '[]' as lines
from first where before_ms is null or from_ms > before_ms + 1000;
