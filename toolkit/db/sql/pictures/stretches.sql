-- Outages and masked stretches with the largest apply age in each.
select venue, kind, class, from_ms, to_ms,
       (select max(age_apply_ms) from run_venue_ticks t where t.venue = e.venue and t.at_ms between e.from_ms and e.to_ms), lines
from run_episodes e where kind in ('outage', 'masked') and from_ms is not null and to_ms is not null
order by from_ms, venue, kind;
