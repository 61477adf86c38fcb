-- Frozen mid: fresh ages and an unchanged mid for 30 s or more, while the mids of at least two other venues move by more
-- than 5 bps.
insert into episode by name
with judged as (
    select v.venue, life, seq, at_ms, mid_usd, coalesce(age_apply_ms <= limit_ms, false) and mid_usd > 0 as fresh
    from run_venue_ticks v join run_stale_limits using (venue)
),
marked as (
    select *, lag(mid_usd) over same as mid_before, lag(at_ms) over same as before_ms, lag(fresh) over same as was_fresh,
           row_number() over same as place
    from judged window same as (partition by venue, life order by seq)
),
-- Fresh ticks with the same mid as the fresh tick before; successive ones have consecutive numbers.
same as (
    select *, place - row_number() over (partition by venue, life order by seq) as stretch
    from marked where fresh and was_fresh and mid_usd = mid_before
),
frozen as (
    select venue, arg_min(before_ms, seq) as from_ms, arg_max(at_ms, seq) as to_ms
    from same group by venue, life, stretch having to_ms - from_ms >= 30000
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
