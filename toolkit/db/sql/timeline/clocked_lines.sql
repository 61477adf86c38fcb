-- Lines with a time by this host's clock: stamped, arrived at a known time, or written within a known tick.
-- Parameter: $run_key. Ticks are identified by life, so they count only if log and telemetry have equally many lives.
-- Table adjoining_part holds the parts of each log that lie without a gap one after the other: they are read as one log.
create or replace temp table lives_agree as
select (select count(distinct life) from tick where run_key = $run_key)
     = (select max(life) + 1 from log_event where run_key = $run_key) as agree;

create or replace temp table clocked_line as
with logs as (select file_no from file where run_key = $run_key and role = 'log'),
-- A line of a tick was written between the start of that tick and the start of the next.
ticks as (
    select life, t, min(at_ms) as low_ms, max(coalesce(next_ms, at_ms + weight_ms::bigint)) as high_ms
    from (select *, lead(at_ms) over (partition by life order by seq) as next_ms from tick where run_key = $run_key)
    where at_ms is not null group by life, t
),
first_books as (
    select life, venue, min(t) as t from venue_tick where run_key = $run_key and mid_usd > 0 and at_ms is not null group by life, venue
),
tick_lines as (
    select file_no, line, life, tick as t from rx_stat semi join logs using (file_no) where run_key = $run_key
    union all
    select file_no, line, life, try_cast(fields->>'tick' as bigint) from log_event
    where run_key = $run_key and family in ('runner_overrun', 'runner_warning', 'runner_note')
    union all
    select e.file_no, e.line, e.life, b.t from log_event e join first_books b using (life, venue)
    where run_key = $run_key and family = 'applied_book'
),
evidence as (
    select file_no, line, low_ms, high_ms from tick_lines join ticks using (life, t), lives_agree where agree
    union all
    select file_no, line, at_ms - coalesce(at_error_ms, 0), at_ms + coalesce(at_error_ms, 0) from log_event
    where run_key = $run_key and at_ms is not null
    union all
    select file_no, line, now_ms, now_ms from (
        select file_no, line, case when s.line is null then try_cast(fields->>'now_ms' as bigint) else s.at_ms end as now_ms
        from log_event e left join stepped_now s using (file_no, line) where run_key = $run_key and family = 'audit_runner_apply'
    ) where now_ms between -62135596800000 and 253402300799999  -- the years 1 to 9999
    union all
    -- Lines of one arrival share its time, or the exact time of the event at its first byte where events.jsonl has it.
    select e.file_no, e.line, coalesce(v.at_ms, a.at_ms - error_ms), coalesce(v.at_ms, a.at_ms + error_ms)
    from log_event e asof join arrival a on a.file_no = e.file_no and a.byte <= e.byte
    left join event_time v on v.file_no = a.file_no and v.byte = a.byte
    where e.run_key = $run_key
    union all
    select e.file_no, e.line, v.at_ms, v.at_ms from log_event e join event_time v using (file_no, byte) where e.run_key = $run_key
),
-- Where the clock steps back, the lines around the step are bounded by the times on both sides.
ordered as (
    select log_no, file_no, line, least(max(low_ms) over before, min(high_ms) over after) as low_ms,
           greatest(max(low_ms) over before, min(high_ms) over after) as high_ms
    from (select file_no, line, max(low_ms) as low_ms, min(high_ms) as high_ms from evidence group by file_no, line)
    join adjoining_part using (file_no)
    window before as (partition by log_no order by file_no, line rows between unbounded preceding and current row),
           after as (partition by log_no order by file_no, line rows between current row and unbounded following)
)
-- `begins` and `ends` mark a neighbour more than two seconds away; weaker evidence is used there.
select *, coalesce(lead(low_ms) over same - high_ms > 2000, true) as ends, coalesce(low_ms - lag(high_ms) over same > 2000, true) as begins
from ordered window same as (partition by log_no order by file_no, line);

create or replace temp table line_bound as
select file_no, line, low_ms::double as low_ms, high_ms::double as high_ms from clocked_line where not begins and not ends;
