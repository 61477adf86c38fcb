-- Evidence of books that were fetched over REST and applied, and the waits of the socket that they end.

-- Whether the producer marks the books that it puts in from REST. Such a producer leaves them out of its ages, so they mask nothing.
create or replace view run_injection_marks as select count(injected) > 0 as marked from run_ticks;

-- Applied books, numbered, each with the wait before it. The first book of a life waited from the first record of the life.
create or replace table run_applies as
with began as (select life, min(at_ms) as began_ms from run_ticks group by life),
applied as (
    select venue, life, at_ms - age_apply_ms as applied_ms, coalesce(lag(at_ms - age_apply_ms) over same, began_ms) as before_ms
    from run_venue_ticks join began using (life) where has_apply_age and age_apply_ms is not null and at_ms is not null
    window same as (partition by venue, life order by seq)
)
-- A difference of a few ms is the same book in a producer that rounds its ages.
select *, applied_ms - before_ms as gap_ms, row_number() over same as nth, lead(applied_ms) over same as next_ms
from applied where applied_ms - before_ms > 50 window same as (partition by venue, life order by applied_ms);

-- Period of Hyperliquid's own fallback, 2 s, to within a record and the time of a fetch.
create or replace macro is_period(wait_ms) as wait_ms between 1700 and 2600;

-- A socket is silent after twice the venue's median wait, and not before its age is stale.
create or replace table run_silences as
select venue, limit_ms, greatest(limit_ms, 2 * coalesce(median(gap_ms), 0))::bigint as silence_ms, coalesce(median(gap_ms), 0) as median_gap_ms
from run_stale_limits left join run_applies using (venue) group by venue, limit_ms;

create or replace table run_rest_lines as
select venue, life, family, file_no, line, at_ms, at_ms - at_error_ms as low_ms, at_ms + at_error_ms as high_ms,
       try_cast(coalesce(fields->>'threshold_ms', fields->>'threshold') as bigint) as threshold_ms,
       try_cast(fields->>'rest_inject_count' as bigint) as injected
from run_all_log_events
where venue is not null and (family in ('audit_rest_monitor', 'rest_fallback_activated', 'rest_fallback_recovered', 'own_fallback_activated',
                                        'own_fallback_deactivated', 'snapshot_applied', 'first_decoded_top', 'ws_first_book', 'ws_connecting')
                             or (family = 'audit_book_recovery' and fields->>'stage' = 'snapshot_applied'));

-- Each rise of the REST monitor's count of injections: books were applied between `low_ms` and `high_ms`. `reach_ms` is the
-- latest end of those that begin no later, so that the last rise that begins before a time tells whether any covers it.
create or replace table run_injections as
with counted as (
    select *, injected > lag(injected, 1, 0) over same as rose, lag(low_ms) over same as before_ms
    from run_rest_lines where injected is not null window same as (partition by venue, life order by file_no, line)
)
select venue, life, coalesce(before_ms, -1e15) as low_ms, coalesce(c.high_ms, 1e15) as high_ms, file_no, line,
       max(coalesce(c.high_ms, 1e15)) over (partition by venue, life order by coalesce(before_ms, -1e15)) as reach_ms
from counted c where rose;

-- Per venue, the last count of injections and whether an activation follows it: an activation alone does not prove that a
-- book was applied.
create or replace table run_monitors as
select venue, life, max(high_ms) filter (injected is not null) as counted_until_ms,
       max({file_no: file_no, line: line}) filter (family = 'rest_fallback_activated') as activated,
       coalesce(activated > max({file_no: file_no, line: line}) filter (injected is not null), activated is not null) as uncounted
from run_rest_lines group by venue, life;

-- Books after a wait as long as the REST monitor's limit. With a count of injections, or with lines that announce each
-- step of the monitor, the lines tell which were fetched; else at least two in succession count as fetched.
create or replace table run_late_books as
with limits as (
    select venue, coalesce(max(threshold_ms), 20000) - 500 as late_ms from run_venues left join run_rest_lines using (venue) group by venue
),
late as (
    -- Successive books have successive numbers.
    select a.*, gap_ms <= late_ms + 11500 as regular, nth - row_number() over (partition by venue, life order by nth) as stretch
    from run_applies a join limits using (venue) where gap_ms >= late_ms
),
told as (
    select l.*, coalesce(reach_ms >= applied_ms, false) as injected
    from late l asof left join run_injections i on i.venue = l.venue and i.life = l.life and i.low_ms <= l.applied_ms
)
select t.* exclude (regular),
       count(*) over same >= 2 and bool_and(regular) over same and (
           (select not has_rest_audit and not has_lifecycle from run_log_proof) or coalesce(uncounted, false)
           -- After the last count, the monitor goes on as before.
           or coalesce(applied_ms > counted_until_ms, false) and bool_or(injected) over same) as in_a_row
from told t left join run_monitors using (venue, life) window same as (partition by venue, life, stretch);

-- Waits of the socket that lines bound: the first book fetched over REST is applied near `on`, the socket's next book near `back`.
create or replace table run_fetched_spans as
-- A connector's own fallback fetches each 2 s, and looks as often whether its socket is back.
with fallback_lines as (
    select *, family = 'own_fallback_activated' as activates, sum(activates::int) over (partition by venue, life order by file_no, line) as part
    from run_rest_lines where at_ms is not null and family in ('own_fallback_activated', 'own_fallback_deactivated', 'first_decoded_top', 'ws_first_book')
),
fallen_back as (
    select venue, life, min(low_ms) filter (activates) as on_low_ms, min(high_ms) filter (activates) as on_high_ms,
           arg_min(low_ms - case when family = 'own_fallback_deactivated' then 2100 else 0 end, (file_no, line)) filter (not activates) as back_low_ms,
           arg_min(high_ms, (file_no, line)) filter (not activates) as back_high_ms, true as paced,
           [min({file_no: file_no, line: line}), min({file_no: file_no, line: line}) filter (not activates)] as lines
    from fallback_lines where part > 0 group by venue, life, part
),
-- Aster fetches snapshots until an update of the socket follows one, which begins the next part.
snapshot_lines as (
    select *, family not in ('ws_first_book', 'ws_connecting') as fetched, sum((family = 'ws_first_book')::int) over same as part,
           sum((family = 'ws_connecting')::int) over same as session
    from run_rest_lines where at_ms is not null and family in ('snapshot_applied', 'audit_book_recovery', 'ws_first_book', 'ws_connecting')
    window same as (partition by venue, life order by file_no, line)
),
snapshot_sessions as (
    select venue, life, part, bool_or(family = 'ws_connecting') as fresh, min(low_ms) filter (fetched) as on_low_ms, min(high_ms) filter (fetched) as on_high_ms,
           coalesce(lead(min(low_ms)) over (partition by venue, life order by part, session), max(low_ms)) as next_low_ms,
           min({file_no: file_no, line: line}) filter (fetched) as first_line, max({file_no: file_no, line: line}) filter (fetched) as last_line
    from snapshot_lines group by venue, life, part, session
),
-- Every session begins with a snapshot: those of a new session count if no update follows while a socket would be called silent.
resynced as (
    select venue, life, part, min(on_low_ms) as on_low_ms, min(on_high_ms) as on_high_ms, min(first_line) as first_line, max(last_line) as last_line
    from snapshot_sessions join run_silences using (venue)
    where on_low_ms is not null and (not fresh or next_low_ms - on_high_ms > silence_ms) group by venue, life, part
),
bridges as (select venue, life, part, low_ms, high_ms, {file_no: file_no, line: line} as back_line from snapshot_lines where family = 'ws_first_book')
from fallen_back
union all
select r.venue, r.life, on_low_ms, on_high_ms, b.low_ms, b.high_ms, false, [first_line, last_line, back_line]
from resynced r left join bridges b on b.venue = r.venue and b.life = r.life and b.part = r.part + 1;

-- Without lines of the log, the pattern of the fallback: a long wait, then books at its period.
create or replace table run_paced_books as
with paced as (
    select *, count_if(not is_period(gap_ms)) over (partition by venue, life order by nth) as part
    from run_applies join run_silences using (venue)
    where venue = 'hyperliquid' and not is_period(median_gap_ms) and not (select has_lifecycle from run_log_proof)
)
select venue, life, min(before_ms) as from_ms, arg_max_null(next_ms, applied_ms) as back_ms
from paced group by venue, life, part having bool_or(gap_ms between 9500 and 18500) and count_if(is_period(gap_ms)) >= 2;
