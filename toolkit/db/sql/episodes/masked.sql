-- REST masking: stretches from the last book of a venue's socket to its next, where books fetched over REST were applied between.
-- The socket's next book lies between `to_low_ms` and `to_high_ms`. A stretch is guessed where only the pattern of the ages shows it.
-- A fresh age counts from `stale_from_ms`, the first stale limit after the socket's last book.
create or replace table run_masked as
with ends as (select life, max(at_ms) as end_ms from run_ticks group by life),
-- The first fetched book ends the longest wait near the lines of its start.
begun as (
    select s.* exclude nth, max({wait_ms: gap_ms, from_ms: before_ms, first_ms: applied_ms}) as began
    from (
        select s.*, unnest(range(f.nth, l.nth + 1)) as nth from run_fetched_spans s
        asof join run_applies f on f.venue = s.venue and f.life = s.life and f.applied_ms >= s.on_low_ms
        asof join run_applies l on l.venue = s.venue and l.life = s.life and l.before_ms <= s.on_high_ms
    ) s join run_applies using (venue, life, nth) group by all
),
-- The socket's next book is applied after its line, so both its bounds and the fetched book come before it.
awaited as (
    select *, if(back_low_ms > began.first_ms, back_low_ms, if(back_low_ms is null, null, began.first_ms + 1)) as from_low_ms, back_high_ms as from_high_ms
    from begun where coalesce(back_high_ms > began.first_ms, true)
),
-- A wait other than the period of a fallback ends with a book of the socket.
unpaced as (select a.* from run_applies a join run_silences using (venue) where not is_period(gap_ms) and not is_period(median_gap_ms)),
returned as (
    select w.*, coalesce(l.applied_ms, end_ms) as low_ms, coalesce(h.applied_ms, end_ms) as high_ms, if(paced, u.applied_ms, null) as unpaced_ms
    from awaited w join ends using (life)
    asof left join run_applies l on l.venue = w.venue and l.life = w.life and l.applied_ms >= w.from_low_ms
    asof left join run_applies h on h.venue = w.venue and h.life = w.life and h.applied_ms >= w.from_high_ms
    asof left join unpaced u on u.venue = w.venue and u.life = w.life and u.applied_ms >= w.from_low_ms
),
from_lines as (
    select r.venue, life, began.from_ms as from_ms, low_ms as to_low_ms, least(high_ms, unpaced_ms) as to_high_ms,
           case when unpaced_ms is null then (low_ms + high_ms) // 2 else to_high_ms end as to_ms, back_low_ms is null as open, false as guessed, lines
    from returned r join run_silences v on v.venue = r.venue
    -- A book that is built again while the socket brings updates is no silence.
    where began.wait_ms > silence_ms or low_ms - began.from_ms > silence_ms
),
-- The REST monitor's books follow each other after its limit, up to the first book that comes earlier or is not counted.
fetched as (
    select b.venue, b.life, before_ms, applied_ms, next_ms, injected,
           sum((before_ms is distinct from last_ms)::int) over (partition by b.venue, b.life order by applied_ms) as part
    from (select *, lag(applied_ms) over (partition by venue, life order by applied_ms) as last_ms from run_late_books where injected or in_a_row) b
),
from_monitor as (
    select venue, life, min(before_ms) as from_ms, coalesce(arg_max_null(next_ms, applied_ms), any_value(end_ms)) as to_ms,
           bool_or(next_ms is null) as open, not bool_or(injected) as guessed
    from fetched join ends using (life) group by venue, life, part
),
stretches as (
    from from_lines
    union all by name
    select *, to_ms as to_low_ms, to_ms as to_high_ms, [] as lines from from_monitor
    union all by name
    select *, to_ms as to_low_ms, to_ms as to_high_ms, true as guessed, [] as lines
    from (select venue, life, from_ms, coalesce(back_ms, end_ms) as to_ms, back_ms is null as open from run_paced_books join ends using (life))
),
parted as (
    select *, sum(is_new::int) over (partition by venue, life order by from_ms, to_ms) as part
    from (select *, coalesce(from_ms >= max(to_ms) over (partition by venue, life order by from_ms, to_ms rows between unbounded preceding and 1 preceding), true) as is_new
          from stretches where not (select marked from run_injection_marks))
)
select venue, life, min(from_ms) as from_ms, min(from_ms) + any_value(limit_ms) as stale_from_ms, max(to_ms) as to_ms, max(to_low_ms) as to_low_ms, max(to_high_ms) as to_high_ms,
       bool_or(open) as open, bool_and(guessed) as guessed, flatten(list(lines)) as lines
from parted join run_stale_limits using (venue) group by venue, life, part;

-- What each venue's masking rests on: `unknown` is the reason why nothing tells books fetched over REST from books of the
-- socket, `limited` the reason why their absence is not certain.
create or replace table run_masked_proof as
with lines as (
    select venue, bool_or(at_ms is null and family in ('own_fallback_activated', 'snapshot_applied', 'audit_book_recovery')) as unplaced
    from run_rest_lines group by venue
),
waits as (select venue, max(gap_ms) as longest_ms, count(*) as n from run_applies group by venue),
facts as (
    select venue, coalesce(unplaced, false) as unplaced, coalesce(longest_ms, 0) as longest_ms, has_lifecycle, venue in (select venue from run_late_books) as has_late,
           venue in (select venue from run_monitors where uncounted) as uncounted, venue in (select venue from run_masked) as masked,
           has_lifecycle or (has_rest_audit and venue not in ('aster', 'hyperliquid')) as by_lines, venue in (select venue from run_truncated_starts) as truncated
    from run_venues cross join run_log_proof left join lines using (venue) left join waits using (venue)
)
select venue,
       case when masked or (select marked from run_injection_marks) then null
            when unplaced then 'the log''s lines about fetched books have no time'
            when uncounted and has_late then 'the REST monitor was activated, but no line tells whether a fetched book was applied'
            when by_lines then null
            when venue = 'aster' then 'no log line tells snapshots that Aster fetched from books of its socket'
            when has_late or (venue = 'hyperliquid' and longest_ms >= 9500) then 'no log line tells whether a fetched book ended the longest wait' end as unknown,
       case when (select marked from run_injection_marks) then null
            when not by_lines then 'no log: no wait was as long as the limit after which the producer fetches books by default'
            when truncated then 'the log does not begin with the run' end as limited
from facts;

-- A line of the REST monitor belongs to the last stretch that begins before it.
insert into episode by name
with monitor_lines as (
    select venue, life, low_ms, high_ms, file_no, line from run_injections
    union all
    select venue, life, low_ms, high_ms, file_no, line from run_rest_lines where family in ('rest_fallback_activated', 'rest_fallback_recovered')
),
said as (
    select venue, life, from_ms, unnest(lines, recursive := true) from run_masked
    union
    select m.venue, m.life, m.from_ms, l.file_no, l.line
    from monitor_lines l asof join run_masked m on m.venue = l.venue and m.life = l.life and m.from_ms <= l.high_ms where l.low_ms <= m.to_ms
),
files as (
    select venue, life, from_ms, to_json(list(json_array(file, line) order by file_no, line)) as lines
    from said join run_files using (file_no) group by all
)
select 1 as run_key, m.venue, 'masked' as kind, m.from_ms, to_ms, case when guessed then 'by_shape' else 'said' end as class,
       null as reason, case when open then ['open'] else [] end as flags, coalesce(f.lines, '[]')::varchar as lines
from run_masked m left join files f using (venue, life, from_ms) order by m.from_ms, m.venue;
