-- The one run that metrics look at, which is the variable run_key. What a window cuts by lines has an uncut `run_all_…`.
create or replace view run_info as select * from run;
create or replace view run_venues as select * from venue;
create or replace view run_files as select * from file;
create or replace view run_set_aside as select * from set_aside_line;
create or replace view run_ticks as select * from tick;
create or replace view run_venue_ticks as select * from venue_tick;
create or replace view run_all_log_events as select * from log_event;
create or replace view run_log_events as select * from run_all_log_events;
-- Which files are parts of one log, the oldest first.
create or replace view run_log_parts as select * from log_part;
create or replace view run_anchors as select * from anchor;
create or replace view run_all_sessions as select * from session;
create or replace view run_began as select life, venue, session from run_all_sessions;
create or replace view run_ended as select life, venue, session from run_all_sessions where ended_line is not null;
create or replace view run_sessions as select s.* from run_all_sessions s semi join run_began using (life, venue, session);
create or replace view run_counters as select * from counter;
create or replace view run_rx_stats as select * from rx_stat;
-- Of an own file and the lines in a log the more complete counts, the file if neither is; a tick is taken from one file.
create or replace view run_rx_steps as
with of_one_kind as (
    select r.* from run_rx_stats r join run_files using (file_no)
    where role = (select role from run_rx_stats join run_files using (file_no) group by role
                  order by count(*) desc, role = 'rx_stats' desc limit 1)
)
select *, tick - lag(tick) over (partition by life order by file_no, line) as step from of_one_kind r
where not exists (select 1 from of_one_kind o where o.life = r.life and o.tick = r.tick and o.file_no < r.file_no);
-- How many ticks the telemetry knows, and whether it skips some.
create or replace view run_known_ticks as
    select count(*) - count_if(step = 0) as ticks, coalesce(max(step), 1) > 1 as skips
    from (select life, t, t - lag(t) over (partition by life order by seq) as step from run_ticks);
-- The age above which the producer itself calls a venue stale: 1 s, with its two documented exceptions, or what the
-- run's own log echoes.
create or replace table run_stale_limits as
    select venue, coalesce(echoed, case venue when 'hyperliquid' then 2000 when 'paradex' then 3000 else 1000 end) as limit_ms
    from run_venues
    left join (select venue, max(value)::bigint as echoed from run_counters where name in (venue || '_state_stale_ms', 'venue_state_stale_ms') group by venue)
    using (venue);
create or replace view run_episodes as select * from episode;
-- The time of all records, where each has apply ages: a venue that a record leaves out has none known in that time.
create or replace view run_apply_time as
    select case when (select bool_and(has_apply_age) from run_venue_ticks) then (select sum(weight_ms) from run_ticks) end as whole_ms;

-- What the log proves of itself. Life-cycle lines are printed by every build and carry sessions and reconnects. Audit
-- lines of the first instrumented build prove that all its families were on, so that a missing line is a zero.
create or replace table run_log_proof as
    select count(*) > 0 as has_log,
           -- A log without any line of a connector is recognised as none, and has but the name of one.
           case when has_log then null
                when (select count(*) from run_files where role = 'log' or role = 'artifact' and regexp_matches(file, '\.log|stdout|stderr')) > 0
                then 'no line of a connector in the log' else 'no run log' end as why_no_log,
           coalesce(bool_or(family in ('ws_connecting', 'ws_connected')), false) as has_lifecycle,
           coalesce(bool_or(family in ('audit_reconnect', 'audit_limits', 'audit_publisher', 'audit_publisher_periodic',
                                       'audit_rest_monitor')), false) as instrumented,
           coalesce(bool_or(family = 'audit_rest_monitor'), false) as has_rest_audit
    from run_log_events;

-- Venues with an ending whose session began before the log: what came before it is not known.
create or replace view run_beheaded as select distinct venue, true as beheaded from run_sessions where beginning_lost;

-- Connected sessions in order; a reconnect is each after the first of a life, by the reason that ended the one before.
create or replace view run_all_connected as
    select *, row_number() over same - 1 as nth, lag(reason) over same as ended_before
    from run_all_sessions where reached <> 'connecting'
    window same as (partition by life, venue order by session);
create or replace view run_connected as select c.* from run_all_connected c semi join run_began using (life, venue, session);
create or replace view run_disconnected as
    select c.* from run_all_connected c semi join run_ended using (life, venue, session) where reason is not null;
create or replace table run_lives_agree as
    select (select count(distinct life) from run_ticks) = (select max(life) + 1 from run_all_log_events) as agree;

create or replace macro not_below_zero(x) as case when x < 0 then 0 else x end;

-- The last reading of each cumulative counter in each life; a fall within a life is a restart of its owner. What our own
-- events say stands beside what the log prints of it.
create or replace table run_totals as
    with readings as (
        select c.*, role = 'events' as by_event from run_counters c left join run_files using (file_no) where kind in ('cumulative', 'throttled')
    ),
    stepped as (
        select *, lag(value) over (partition by life, venue, name, kind, by_event order by file_no, line) as before from readings
    )
    select life, venue, name, kind, by_event,
           coalesce(sum(before) filter (value < before), 0) + arg_max(value, (file_no, line)) as last
    from stepped group by all;

-- Reconnects that audit lines alone prove, by reason: what only rebuilds a book, or may keep its socket, proves none, and
-- Lighter counts a failed subscription twice.
create or replace view run_audited as
    select venue, reason,
           sum(case when exists (from run_no_reconnects o where o.venue = t.venue and o.reason = t.reason) then 0
                    when venue = 'lighter' and reason = 'subscribe_error' then ceil(last / 2) else last end) as n
    from (select venue, replace(name, 'reconnect.', '') as reason, last from run_totals where name like 'reconnect.%') t group by all;

-- Percentile `p` (0 to 100) of an ascending list: position (n - 1) (p / 100), linear between neighbours (R type 7).
-- The order of operations is part of the definition: it keeps every digit equal to the common Python formula.
-- The position is named by a function of one place, so that each percentile is planned once and not five times.
-- `percentiles(list)` of the staging database gives 50, 95, 99 and 100 of a list in any order: for long ones, which it sorts sooner.
create or replace macro percentile(sorted, p) as
    list_transform([(len(sorted) - 1) * (p / 100)], lambda pos:
        case when pos = floor(pos) then sorted[pos::bigint + 1]::double
             else sorted[floor(pos)::bigint + 1] * (floor(pos) + 1 - pos) + sorted[floor(pos)::bigint + 2] * (pos - floor(pos)) end)[1];

-- The same of ages, of which few are different, by how often each was seen: quicker and smaller than a list of them all.
create or replace view run_apply_ages as
    select venue, age_apply_ms as age, count(*) as ticks from run_venue_ticks where age_apply_ms is not null group by all;
create or replace view run_event_ages as
    select venue, age_event_ms as age, count(*) as ticks from run_venue_ticks where age_event_ms < 1000000000 group by all;
create or replace macro age_stats(ages) as table
    with ranked as (
        select venue, age, sum(ticks) over (partition by venue order by age) as upto, sum(ticks) over (partition by venue) as n
        from query_table(ages)
    ),
    placed as (
        select venue, stat, n, (n - 1) * (p / 100) as pos, min(age) filter (where upto > floor(pos)) as before,
               min(age) filter (where upto > ceil(pos)) as after
        from ranked, (values ('p50', 50), ('p95', 95), ('p99', 99), ('max', 100)) as stats (stat, p) group by venue, stat, n, p
    )
    select venue, stat, case when pos = floor(pos) then before::double
                             else before * (floor(pos) + 1 - pos) + after * (pos - floor(pos)) end as value, n
    from placed
    union all select venue, 'mean', sum(age::hugeint * ticks) / sum(ticks), sum(ticks) from query_table(ages) group by venue;
