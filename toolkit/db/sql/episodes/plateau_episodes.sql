-- Episodes: plateaus of the apply age above 10 s. Those above 30 s lie within them.
insert into episode by name
select 1 as run_key, venue, 'plateau' as kind, from_ms, to_ms,
       case when open then 'open' when cut_by_hole then 'cut_by_hole' else 'closed' end as class, null as reason,
       []::varchar[] as flags, '[]' as lines
from run_plateaus where basis = 'apply' and limit_ms = 10000 order by from_ms, venue;
