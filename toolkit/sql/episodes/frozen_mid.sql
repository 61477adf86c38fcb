-- A book that is applied again and again and never moves: fresh ages and one mid for 30 s or more,
-- while at least two other venues move by more than 5 bps.
insert into episode by name
with marked as (
    select v.venue, life, seq, at_ms, mid_usd,
           sum((mid_usd is distinct from mid_before or not fresh)::integer) over (partition by venue, life order by seq) as stretch, fresh
    from (select v.*, coalesce(age_apply_ms <= limit_ms, false) and mid_usd > 0 as fresh,
                 lag(mid_usd) over (partition by v.venue, life order by seq) as mid_before
          from run_venue_ticks v join run_stale_limits using (venue)) v
),
frozen as (
    select venue, min(at_ms) as from_ms, max(at_ms) as to_ms from marked where fresh
    group by venue, life, stretch having max(at_ms) - min(at_ms) >= 30000
),
others as (
    select f.venue, f.from_ms, o.venue as other, (max(mid_usd) - min(mid_usd)) / min(mid_usd) * 10000 as moved_bps
    from frozen f join run_venue_ticks o on o.venue <> f.venue and o.at_ms between f.from_ms and f.to_ms and o.mid_usd > 0
    group by f.venue, f.from_ms, o.venue
)
select 1 as run_key, f.venue, 'frozen_mid' as kind, f.from_ms, f.to_ms, null as class, null as reason,
       []::varchar[] as flags, '[]' as lines
from frozen f join others o on o.venue = f.venue and o.from_ms = f.from_ms and moved_bps > 5
group by f.venue, f.from_ms, f.to_ms having count(*) >= 2;
