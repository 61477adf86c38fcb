-- Views of the staged run that the metric queries read.
-- Where a window selects by log lines, `run_all_…` is the unrestricted view.
create or replace view run_info as select * from run;
create or replace view run_venues as select * from venue;
create or replace view run_files as select * from file;
create or replace view run_set_aside as select * from set_aside_line;
create or replace view run_ticks as select * from tick;
create or replace view run_venue_ticks as select * from venue_tick;
create or replace view run_all_log_events as select * from log_event;
create or replace view run_log_events as select * from run_all_log_events;
-- Files of one rotated log share `log_no`; file numbers ascend from the oldest part.
create or replace view run_log_parts as select * from log_part;
create or replace view run_anchors as select * from anchor;
create or replace view run_all_sessions as select * from session;
create or replace view run_sessions_begun as select life, venue, session from run_all_sessions;
create or replace view run_sessions_ended as select life, venue, session from run_all_sessions where ended_line is not null;
create or replace view run_sessions as select s.* from run_all_sessions s semi join run_sessions_begun using (life, venue, session);
create or replace view run_counters as select * from counter;
create or replace view run_rx_stats as select * from rx_stat;
-- Counts of market_rx_stats: from its own file or from log lines, whichever has more rows, and from the file in a tie.
-- A tick that several files hold is taken from the first.
create or replace view run_rx_steps as
with of_one_role as (
    select r.* from run_rx_stats r join run_files using (file_no)
    where role = (select role from run_rx_stats join run_files using (file_no) group by role
                  order by count(*) desc, role = 'rx_stats' desc limit 1)
)
select *, tick - lag(tick) over (partition by life order by file_no, line) as step from of_one_role r
where not exists (select 1 from of_one_role o where o.life = r.life and o.tick = r.tick and o.file_no < r.file_no);
-- Number of ticks in the telemetry, and whether their numbers skip.
create or replace view run_known_ticks as
    select count(*) - count_if(step = 0) as ticks, coalesce(max(step), 1) > 1 as skips
    from (select life, t, t - lag(t) over (partition by life order by seq) as step from run_ticks);
-- Last tick of each life in the market_rx counts, its line, and the last tick of the telemetry.
create or replace view run_last_ticks as
    select life, file_no, line, rx_tick, t
    from (select life, arg_max(file_no, tick) as file_no, arg_max(line, tick) as line, max(tick) as rx_tick from run_rx_steps group by life)
    join (select life, max(t) as t from run_ticks group by life) using (life);
-- Age above which the producer marks a venue stale: the limit that the run's log states, else 1 s with the producer's two
-- documented exceptions.
create or replace table run_stale_limits as
    select venue, coalesce(logged_ms, case venue when 'hyperliquid' then 2000 when 'paradex' then 3000 else 1000 end) as limit_ms
    from run_venues
    left join (select venue, max(value)::bigint as logged_ms from run_counters where name in (venue || '_state_stale_ms', 'venue_state_stale_ms') group by venue)
    using (venue);
create or replace view run_episodes as select * from episode;
-- How far apart the clocks can be on which the event ages of two records rest: the sum of the steps of the wall clock. Null where
-- a step between two lives has no known size.
create table if not exists life_step (seq bigint, step_ms bigint, at_least boolean);  -- absent where no telemetry was read
create or replace view run_clock_shift as
    select case when bool_or(at_least) then null else coalesce(sum(abs(step_ms)), 0) end as shift_ms
    from (select seq, step_ms, false as at_least from clock_step union all
          select seq, step_ms, at_least from life_step where seq > (select min(seq) from run_ticks)) semi join run_ticks using (seq);
-- Total time of the run, where all records have apply ages; else null. A venue missing from a record has an unknown age then.
create or replace view run_apply_time as
    select case when (select bool_and(has_apply_age) from run_venue_ticks) then (select sum(weight_ms) from run_ticks) end as whole_ms;

-- Evidence that the log holds. Every build prints life-cycle lines, which give sessions and reconnects. An audit line of the
-- first instrumented build proves that all its line families were on, so a family without a line counts as 0.
create or replace table run_log_proof as
    with proof as (
        -- Earlier builds count only Paradex's pings and Lighter's timestamps; each other known audit line is of the
        -- first instrumented build or later.
        select file, file_no, line from run_log_events join run_files using (file_no)
        where family in ('audit_ping_sent', 'audit_ping_failed') and venue = 'lighter'
              or family like 'audit\_%' escape '\' and family not in ('audit_other', 'audit_ping_sent', 'audit_ping_failed', 'audit_ts_fallback')
        order by file_no, line limit 1
    )
    select count(*) > 0 as has_log,
           -- A log without any connector line is an artifact, recognisable by its file name only.
           case when has_log then null
                when (select count(*) from run_files where role = 'log' or role = 'artifact' and regexp_matches(file, '\.log|stdout|stderr')) > 0
                then 'no line of a connector in the log' else 'no run log' end as why_no_log,
           coalesce(bool_or(family in ('ws_connecting', 'ws_connected')), false) as has_lifecycle,
           (select count(*) from proof) > 0 as instrumented,
           -- Note of a 0 that rests on the absence of audit lines.
           (select 'no line seen; this build prints them, as line ' || line || ' of ' || file || ' shows' from proof) as none_seen,
           (select {file_no: file_no, line: line} from proof) as proving_line,
           coalesce(bool_or(family in ('audit_rest_monitor', 'audit_rest_seed')), false) as has_rest_audit,
           coalesce(bool_or(family in ('rest_fallback_activated', 'rest_fallback_recovered', 'rest_fallback_error')), false) or has_rest_audit as has_rest_monitor
    from run_log_events;

-- Venues whose first session began before the log: earlier sessions are not known, so counts are lower bounds.
create or replace view run_truncated_starts as select distinct venue, true as truncated from run_sessions where beginning_lost;

-- Connected sessions in order. Each after the first of a life is a reconnect; its reason is that which ended the session before.
create or replace view run_all_connected as
    select *, row_number() over same - 1 as nth, lag(reason) over same as ended_before
    from run_all_sessions where reached <> 'connecting'
    window same as (partition by life, venue order by session);
create or replace view run_connected as select c.* from run_all_connected c semi join run_sessions_begun using (life, venue, session);
create or replace view run_disconnected as
    select c.* from run_all_connected c semi join run_sessions_ended using (life, venue, session) where reason is not null;
create or replace table run_lives_agree as
    select (select count(distinct life) from run_ticks) = (select max(life) + 1 from run_all_log_events) as agree;

create or replace macro not_below_zero(x) as case when x < 0 then 0 else x end;

-- Total of each cumulative counter per life: its last reading, plus the reading before each fall (its owner restarted).
-- Readings from events.jsonl (`by_event`) are kept apart from those that the log prints.
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

-- Reconnects proven by audit lines alone, by reason. Reasons that rebuild a book or may keep the socket count 0.
-- Lighter counts a failed subscription twice.
create or replace view run_audit_reconnects as
    select venue, reason,
           sum(case when exists (from run_non_reconnect_reasons o where o.venue = t.venue and o.reason = t.reason) then 0
                    when venue = 'lighter' and reason = 'subscribe_error' then ceil(last / 2) else last end) as n
    from (select venue, replace(name, 'reconnect.', '') as reason, last from run_totals where name like 'reconnect.%') t group by all;

-- Percentile `p` (0 to 100) of an ascending list: position (n - 1) (p / 100), linear between neighbours (R type 7).
-- The order of operations is part of the definition: it keeps every digit equal to the common Python formula.
-- The lambda names the position, so that the database plans each percentile once and not five times.
-- `percentiles(list)`, a function of the staging database, returns 50, 95, 99 and 100 of an unsorted list, faster for long lists.
create or replace macro percentile(sorted, p) as
    list_transform([(len(sorted) - 1) * (p / 100)], lambda pos:
        case when pos = floor(pos) then sorted[pos::bigint + 1]::double
             else sorted[floor(pos)::bigint + 1] * (floor(pos) + 1 - pos) + sorted[floor(pos)::bigint + 2] * (pos - floor(pos)) end)[1];

-- Percentiles of ages from a histogram: ages have few distinct values, so this is faster and smaller than a list of all.
create or replace view run_apply_ages as
    select venue, age_apply_ms as age, count(*) as ticks from run_venue_ticks where age_apply_ms is not null group by all;
create or replace view run_event_ages as
    select venue, age_event_ms as age, count(*) as ticks from run_venue_ticks where age_event_ms < 1000000000 group by all;
create or replace macro age_stats(ages) as table
    with ranked as (
        select venue, age, sum(ticks) over (partition by venue order by age) as cumulative, sum(ticks) over (partition by venue) as n
        from query_table(ages)
    ),
    placed as (
        select venue, stat, n, (n - 1) * (p / 100) as pos, min(age) filter (where cumulative > floor(pos)) as before,
               min(age) filter (where cumulative > ceil(pos)) as after
        from ranked, (values ('p50', 50), ('p95', 95), ('p99', 99), ('max', 100)) as stats (stat, p) group by venue, stat, n, p
    )
    select venue, stat, case when pos = floor(pos) then before::double
                             else before * (floor(pos) + 1 - pos) + after * (pos - floor(pos)) end as value, n
    from placed
    union all select venue, 'mean', sum(age::hugeint * ticks) / sum(ticks), sum(ticks) from query_table(ages) group by venue;
