-- Records of a window, as ranges of `seq` within a life; with `$every`, one range per that many ticks.
-- Parameters: $segment, $last_ms, $since_tick, $until_tick, $every.
create or replace table window_range as
with first_data as (
    select life, max(seq) as seq from (
        select life, venue, min(seq) as seq from venue_tick
        where (age_apply_ms is not null or age_event_ms is not null or mid_usd > 0) group by life, venue
    ) group by life
),
spans as (select life, min(at_ms) as from_ms, max(at_ms) as to_ms from tick group by life),
-- Start-up: until every venue that ever has data had its first, at most 60 s. Tail: the last tenth, at most 60 s.
parts as (
    select t.life, t.seq, t.t, t.at_ms, max(t.at_ms) over () as end_ms,
           case when coalesce(t.seq <= s.seq, false) and coalesce(t.at_ms <= from_ms + 60000, true) then 'startup'
                when t.at_ms > to_ms - least(60000, (to_ms - from_ms) / 10) then 'tail' else 'steady' end as segment
    from tick t left join first_data s using (life) left join spans p using (life)
)
select life, case when $every is null then 0 else t // $every end as part, min(seq) as first_seq, max(seq) as last_seq,
       min(t) as since_tick, max(t) as until_tick, min(at_ms) as from_ms, max(at_ms) as to_ms
from parts
where t >= coalesce($since_tick, t) and t <= coalesce($until_tick, t)
  and coalesce(at_ms > end_ms - $last_ms, true) and segment = coalesce($segment, segment)
group by all order by first_seq;
