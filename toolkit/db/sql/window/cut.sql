-- Restrict the staged run to a window: replace its tables with copies of the window's records, and select log lines by their
-- times. Parameters: $first_seq, $last_seq, which select the ranges of window_range that begin between them.
create or replace table window_now as
select r.life, first_seq, last_seq, since_tick, until_tick, r.from_ms as begin_ms, r.to_ms as end_ms,
       -- Null bounds: lines before the first record of a life, or after its last, belong to the window of that record.
       case when exists (select 1 from whole_tick t where t.life = r.life and seq < first_seq) then r.from_ms end as from_ms,
       (select min(at_ms) from whole_tick t where t.life = r.life and seq > last_seq) as to_ms
from window_range r where first_seq between $first_seq and $last_seq;

create or replace table window_line as
with spans as (select life, min(at_ms) as began_ms, max(at_ms) as ended_ms from whole_tick group by life),
lines as (
    select file_no, line, max(life) as life, max(at_ms) as at_ms, max(at_error_ms) as error_ms, true as is_event
    from log_event group by file_no, line
    union all
    -- A market_rx line is written within its tick. The first and the last line of a log bound all others.
    select r.file_no, r.line, r.life, t.at_ms, 0, false
    from (from whole_rx_stat qualify line = min(line) over (partition by file_no) or line = max(line) over (partition by file_no)) r
    join whole_tick t on t.life = r.life and t.t = r.tick, run_lives_agree where agree
),
-- A line without a time lies before the next line with one, and after the previous one.
around as (
    select *, min(at_ms) over (same rows between 1 following and unbounded following) as after_ms,
           max(at_ms) over (same rows between unbounded preceding and 1 preceding) as before_ms
    from lines join run_log_parts using (file_no) window same as (partition by log_no order by file_no, line)
),
-- Such a line counts at that neighbour's time; its true time lies between low and high.
counted as (
    select file_no, line, a.life, coalesce(at_ms, after_ms, before_ms) as at_ms,
           case when at_ms is not null then at_ms - error_ms + 1 when after_ms is not null then began_ms else before_ms end as low_ms,
           case when at_ms is not null then at_ms + error_ms - 1 when after_ms is not null then after_ms + 1 else ended_ms + 1 end as high_ms,
           case when at_ms is not null then error_ms else high_ms - low_ms - 1 end as error_ms
    from around a left join spans s on s.life = a.life where is_event
)
select file_no, line, any_value(error_ms) as error_ms,
       bool_or(coalesce(c.at_ms >= w.from_ms, w.from_ms is null) and coalesce(c.at_ms < w.to_ms, w.to_ms is null)) as within,
       coalesce(bool_or(w.from_ms > low_ms and w.from_ms < high_ms), false) or coalesce(bool_or(w.to_ms > low_ms and w.to_ms < high_ms), false) as near
from counted c left join window_now w on w.life = c.life or not (select agree from run_lives_agree)
group by file_no, line;

create or replace table tick as
select t.* from whole_tick t semi join window_now w on t.seq between w.first_seq and w.last_seq;
create or replace table venue_tick as
select t.* from whole_venue_tick t semi join window_now w on t.seq between w.first_seq and w.last_seq;
create or replace table rx_stat as
select r.* from whole_rx_stat r semi join window_now w
on r.life = w.life and (from_ms is null or r.tick >= since_tick) and (to_ms is null or r.tick <= until_tick);
create or replace table episode as
select e.* from whole_episode e join run_files f on f.file = e.lines->'$[0]'->>'$[0]'
join window_line l on l.file_no = f.file_no and l.line = (e.lines->'$[0]'->>'$[1]')::bigint
where e.kind in ('reconnect', 'resync', 'kept', 'connect_failure') and l.within;
create or replace table run as
select * replace ((select min(begin_ms) from window_now) as started_ms, (select max(end_ms) from window_now) as ended_ms,
                  (select sum(end_ms - begin_ms)::bigint from window_now) as observed_ms, null as requested_ms)
from whole_run;

create or replace view run_log_events as
select e.* from run_all_log_events e semi join (select * from window_line where within) l on l.file_no = e.file_no and l.line = e.line;
create or replace view run_sessions_begun as
select life, venue, session from run_all_sessions s join window_line l on l.file_no = s.file_no and l.line = s.began_line where within;
create or replace view run_sessions_ended as
select life, venue, session from run_all_sessions s join window_line l on l.file_no = s.ended_file_no and l.line = s.ended_line where within;
