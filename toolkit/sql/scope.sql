-- The one run that metrics look at, which is the variable run_key. What a window cuts by lines has an uncut `run_all_…`.
create or replace temp view run_info as select * from run where run_key = getvariable('run_key');
create or replace temp view run_venues as select * from venue where run_key = getvariable('run_key');
create or replace temp view run_files as select * from file where run_key = getvariable('run_key');
create or replace temp view run_set_aside as select * from set_aside_line where run_key = getvariable('run_key');
create or replace temp view run_ticks as select * from tick where run_key = getvariable('run_key');
create or replace temp view run_venue_ticks as select * from venue_tick where run_key = getvariable('run_key');
create or replace temp view run_all_log_events as select * from log_event where run_key = getvariable('run_key');
create or replace temp view run_log_events as select * from run_all_log_events;
create or replace temp view run_anchors as select * from anchor where run_key = getvariable('run_key');
create or replace temp view run_all_sessions as select * from session where run_key = getvariable('run_key');
create or replace temp view run_began as select life, venue, session from run_all_sessions;
create or replace temp view run_ended as select life, venue, session from run_all_sessions where ended_line is not null;
create or replace temp view run_sessions as select s.* from run_all_sessions s semi join run_began using (life, venue, session);
create or replace temp view run_counters as select * from counter where run_key = getvariable('run_key');
create or replace temp view run_rx_stats as select * from rx_stat where run_key = getvariable('run_key');
-- The age above which the producer itself calls a venue stale: 1 s, with its two documented exceptions, or what the
-- run's own log echoes.
create or replace temp view run_stale_limits as
    select venue, coalesce(echoed, case venue when 'hyperliquid' then 2000 when 'paradex' then 3000 else 1000 end) as limit_ms
    from run_venues
    left join (select venue, max(value)::bigint as echoed from run_counters where name = venue || '_state_stale_ms' group by venue)
    using (venue);
create or replace temp view run_episodes as select * from episode where run_key = getvariable('run_key');

-- What the log proves of itself. Life-cycle lines are printed by every build and carry sessions and reconnects. Audit
-- lines of the first instrumented build prove that all its families were on, so that a missing line is a zero.
create or replace temp table run_log_proof as
    select count(*) > 0 as has_log,
           coalesce(bool_or(family in ('ws_connecting', 'ws_connected')), false) as has_lifecycle,
           coalesce(bool_or(family in ('audit_reconnect', 'audit_limits', 'audit_publisher', 'audit_publisher_periodic',
                                       'audit_rest_monitor')), false) as instrumented,
           coalesce(bool_or(family = 'audit_rest_monitor'), false) as has_rest_audit
    from run_log_events;

-- Connected sessions in order; a reconnect is each after the first of a life, by the reason that ended the one before.
create or replace temp view run_all_connected as
    select *, row_number() over same - 1 as nth, lag(reason) over same as ended_before
    from run_all_sessions where reached <> 'connecting'
    window same as (partition by life, venue order by session);
create or replace temp view run_connected as select c.* from run_all_connected c semi join run_began using (life, venue, session);
create or replace temp view run_disconnected as
    select c.* from run_all_connected c semi join run_ended using (life, venue, session) where reason is not null;
create or replace temp table run_lives_agree as
    select (select count(distinct life) from run_ticks) = (select max(life) + 1 from run_all_log_events) as agree;

create or replace temp macro not_below_zero(x) as case when x < 0 then 0 else x end;

-- Sessions with the times between which each of their lines was written. A silent end lies between the last that was seen
-- of the session, in telemetry too, and the next connecting line.
create or replace temp view run_session_bounds as
with ordered as (
    select *, lead(began_ms - began_error_ms) over same as next_low_ms, lead(began_ms + began_error_ms) over same as next_high_ms,
           coalesce(first_book_ms - first_book_error_ms, began_ms - began_error_ms) as seen_low_ms
    from run_all_sessions window same as (partition by life, venue order by session)
),
-- What was applied after 10 s without a book may have been fetched over REST.
applied as (
    select life, venue, applied_ms from (
        select distinct life, venue, at_ms - age_apply_ms as applied_ms from run_venue_ticks where age_apply_ms is not null
    ), run_lives_agree where agree
)
select o.*, began_ms - began_error_ms as began_low_ms, began_ms + began_error_ms as began_high_ms,
       first_book_ms - first_book_error_ms as first_book_low_ms, first_book_ms + first_book_error_ms as first_book_high_ms,
       case when not silent then ended_ms - ended_error_ms
            when next_low_ms - applied_ms < 10000 then greatest(seen_low_ms, applied_ms - 600) else seen_low_ms end as ended_low_ms,
       case when silent then next_high_ms else ended_ms + ended_error_ms end as ended_high_ms
from ordered o asof left join applied a on a.life = o.life and a.venue = o.venue and a.applied_ms <= o.next_low_ms;

-- Times without a book: from the end of a session that had one to the next first book, or to the end of the life.
create or replace temp view run_downtimes as
with life_ends as (
    select life, max(at_ms) as at_ms from (
        select life, at_ms from run_ticks union all select life, at_ms + at_error_ms from run_all_log_events
    ) group by life
),
booked as (
    select *, lead(first_book_low_ms) over same as back_low_ms, lead(first_book_high_ms) over same as back_high_ms,
           lead(session) over same is null as last
    from run_session_bounds where reached = 'first_book' window same as (partition by life, venue order by session)
)
select b.life, venue, session, last as open,
       not_below_zero(case when last then e.at_ms else back_low_ms end - ended_high_ms) as low_ms,
       not_below_zero(case when last then e.at_ms else back_high_ms end - ended_low_ms) as high_ms
from booked b semi join run_ended using (life, venue, session) left join life_ends e using (life);

-- The last reading of each cumulative counter in each life; a fall within a life is a restart of its owner.
create or replace temp table run_totals as
    with pieces as (
        select *, sum(fell) over (partition by life, venue, name, kind order by file_no, line) as piece
        from (select *, (value < lag(value, 1, value) over (partition by life, venue, name, kind order by file_no, line))::int as fell
              from run_counters where kind in ('cumulative', 'throttled'))
    ),
    lasts as (select life, venue, name, kind, piece, arg_max(value, (file_no, line)) as last from pieces group by all)
    select life, venue, name, kind, sum(last) as last from lasts group by all;

-- Percentile `p` (0 to 100) of an ascending list: position (n - 1) (p / 100), linear between neighbours (R type 7).
-- The order of operations is part of the definition: it keeps every digit equal to the common Python formula.
create or replace temp macro percentile(sorted, p) as
    case when len(sorted) = 0 then null
         when floor((len(sorted) - 1) * (p / 100.0)) = ceil((len(sorted) - 1) * (p / 100.0))
         then sorted[((len(sorted) - 1) * (p / 100.0))::bigint + 1]::double
         else sorted[floor((len(sorted) - 1) * (p / 100.0))::bigint + 1]::double
                  * (ceil((len(sorted) - 1) * (p / 100.0)) - (len(sorted) - 1) * (p / 100.0))
            + sorted[ceil((len(sorted) - 1) * (p / 100.0))::bigint + 1]::double
                  * ((len(sorted) - 1) * (p / 100.0) - floor((len(sorted) - 1) * (p / 100.0)))
    end;
