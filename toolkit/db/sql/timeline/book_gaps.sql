-- Gap between applied books of each reconnect: the gap of 0.9 s or more that its line bounds allow, if exactly one does.
-- Parameter: $run_key. Table book_window holds, per reconnect, the time bounds of its end line and its first-book line.
with slack as (select median(weight_ms) + 150 as slack_ms from tick where run_key = $run_key),
applied as (
    select life, venue, seq, at_ms - age_apply_ms as applied_ms from venue_tick
    where run_key = $run_key and age_apply_ms is not null and at_ms is not null
),
gaps as (
    select life, venue, seq, lag(applied_ms) over (partition by life, venue order by seq) as from_ms, applied_ms as to_ms
    from applied qualify to_ms - from_ms >= 900
),
-- Gaps are in order, so those that a window allows lie from the first that ends late enough to the last that begins early
-- enough. Where ages are so wrong that a gap is not in order, it is at neither end of such a stretch.
firsts as (
    from gaps window earlier as (partition by life, venue order by seq rows between unbounded preceding and 1 preceding)
    qualify coalesce(to_ms > max(to_ms) over earlier, true)
),
lasts as (
    from gaps window later as (partition by life, venue order by seq rows between 1 following and unbounded following)
    qualify coalesce(from_ms < min(from_ms) over later, true)
),
windows as (
    select number, life, venue, greatest(ended_low_ms, book_low_ms) as low_ms, least(ended_high_ms, book_high_ms) as high_ms
    from book_window
)
select number, f.from_ms, f.to_ms, slack_ms
from windows w
asof join firsts f on f.life = w.life and f.venue = w.venue and f.to_ms >= w.low_ms
asof join lasts l on l.life = w.life and l.venue = w.venue and l.from_ms <= w.high_ms,
     slack, lives_agree
where agree and f.seq = l.seq order by number
