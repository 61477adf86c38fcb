-- Outages and masked stretches with the largest stale apply age in each. Those of one kind and venue do not overlap.
with stretches as (
    select venue, kind, class, from_ms, to_ms, lines from run_episodes
    where kind in ('outage', 'masked') and from_ms is not null and to_ms is not null
),
peaks as (
    select s.venue, s.kind, s.from_ms, max(age_apply_ms) as peak_ms
    from (select venue, at_ms, age_apply_ms, kind from run_venue_ticks join run_stale_limits using (venue), (values ('outage'), ('masked')) as kinds (kind)
          where at_ms is not null and age_apply_ms > limit_ms) t
    asof join stretches s on t.venue = s.venue and t.kind = s.kind and t.at_ms >= s.from_ms
    where t.at_ms <= s.to_ms group by all
)
select venue, kind, class, from_ms, to_ms, peak_ms, lines
from stretches left join peaks using (venue, kind, from_ms) order by from_ms, venue, kind;
