-- Gap between applied books of each reconnect: the gap of 0.9 s or more that its line bounds allow, if exactly one does.
-- Parameter: $run_key. Table book_window holds, per reconnect, the time bounds of its end line and its first-book line.
with slack as (select median(weight_ms) + 150 as slack_ms from tick where run_key = $run_key),
applied as (
    select life, venue, seq, at_ms - age_apply_ms as applied_ms from venue_tick
    where run_key = $run_key and age_apply_ms is not null and at_ms is not null
),
gaps as (
    select life, venue, lag(applied_ms) over (partition by life, venue order by seq) as from_ms, applied_ms as to_ms
    from applied qualify to_ms - from_ms >= 900
)
select number, min(from_ms), min(to_ms), any_value(slack_ms)
from book_window w join gaps g on g.life = w.life and g.venue = w.venue
 and from_ms <= ended_high_ms and to_ms >= ended_low_ms and from_ms <= book_high_ms and to_ms >= book_low_ms,
     slack, lives_agree
where agree group by number having count(*) = 1
