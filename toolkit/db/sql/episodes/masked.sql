-- REST masking: stretches from the last book of a venue's socket to its next, where books fetched over REST were applied between.
-- The socket's next book lies between `to_low_ms` and `to_high_ms`. A stretch is guessed where only the pattern of the ages shows it.
-- A fresh age counts from `stale_from_ms`, the first stale limit after the socket's last book.
create or replace table run_masked as
with ends as (select life, max(at_ms) as end_ms from run_ticks group by life),
-- The first fetched book ends the longest wait near the lines of its start.
begun as (
    select s.*, max({wait_ms: gap_ms, from_ms: before_ms, first_ms: applied_ms}) as began
    from run_fetched_spans s join run_applies a on a.venue = s.venue and a.life = s.life and a.applied_ms >= on_low_ms and a.before_ms <= on_high_ms
    group by all
),
-- The socket's next book is applied after its line. A wait other than the period of a fallback ends with a book of the socket.
returned as (
    select b.*, coalesce(min(a.applied_ms) filter (a.applied_ms >= back_low_ms), any_value(end_ms)) as low_ms,
           coalesce(min(a.applied_ms) filter (a.applied_ms >= back_high_ms), any_value(end_ms)) as high_ms,
           min(a.applied_ms) filter (paced and a.applied_ms >= back_low_ms and not is_period(gap_ms) and not is_period(median_gap_ms)) as unpaced_ms
    from begun b join ends using (life) join run_silences v on v.venue = b.venue
    left join run_applies a on a.venue = b.venue and a.life = b.life and a.applied_ms > began.first_ms
    where coalesce(back_high_ms > began.first_ms, true) group by all
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
           bool_or(next_ms is null) as open, not bool_or(injected) as guessed, max(applied_ms) as last_ms
    from fetched join ends using (life) group by venue, life, part
),
stretches as (
    from from_lines
    union all by name
    select m.* exclude last_ms, to_ms as to_low_ms, to_ms as to_high_ms,
           (select coalesce(list({file_no: file_no, line: line}), []) from run_injections i
            where i.venue = m.venue and i.life = m.life and i.low_ms <= last_ms and i.high_ms > from_ms) as lines
    from from_monitor m
    union all by name
    select *, to_ms as to_low_ms, to_ms as to_high_ms, true as guessed, [] as lines
    from (select venue, life, from_ms, coalesce(back_ms, end_ms) as to_ms, back_ms is null as open from run_paced_books join ends using (life))
),
parted as (
    select *, sum(is_new::int) over (partition by venue, life order by from_ms, to_ms) as part
    from (select *, coalesce(from_ms >= max(to_ms) over (partition by venue, life order by from_ms, to_ms rows between unbounded preceding and 1 preceding), true) as is_new
          from stretches)
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
           venue in (select venue from run_uncounted_activations) as uncounted, venue in (select venue from run_masked) as masked,
           has_lifecycle or (has_rest_audit and venue not in ('aster', 'hyperliquid')) as by_lines, venue in (select venue from run_truncated_starts) as truncated
    from run_venues cross join run_log_proof left join lines using (venue) left join waits using (venue)
)
select venue,
       case when masked then null
            when unplaced then 'the log''s lines about fetched books have no time'
            when uncounted and has_late then 'the REST monitor was activated, but no line tells whether a fetched book was applied'
            when by_lines then null
            when venue = 'aster' then 'no log line tells snapshots that Aster fetched from books of its socket'
            when has_late or (venue = 'hyperliquid' and longest_ms >= 9500) then 'no log line tells whether a fetched book ended the longest wait' end as unknown,
       case when not by_lines then 'no log: no wait was as long as the limit after which the producer fetches books by default'
            when truncated then 'the log does not begin with the run' end as limited
from facts;

insert into episode by name
select 1 as run_key, m.venue, 'masked' as kind, from_ms, to_ms, case when guessed then 'by_shape' else 'said' end as class,
       null as reason, case when open then ['open'] else [] end as flags,
       coalesce((select to_json(list(json_array(file, line) order by file_no, line)) from (
           select unnest(m.lines, recursive := true)
           union select file_no, line from run_rest_lines l where l.venue = m.venue and l.life = m.life
               and family in ('rest_fallback_activated', 'rest_fallback_recovered') and low_ms <= to_ms and high_ms >= from_ms
       ) join run_files using (file_no)), '[]')::varchar as lines
from run_masked m order by from_ms, m.venue;
