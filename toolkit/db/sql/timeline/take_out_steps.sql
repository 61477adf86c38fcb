-- Take the steps of this host's clock out of the times of log lines, so that they are on the clock of the ticks. Parameter: $run_key.
-- Tables: clock_segment (timeline/clock_segments.sql); clock_range has, from each time on, the first and the last segment with it.

-- Later lines lie in the same segment or in a later one. A time that fits several segments, or none, is dropped: its line is
-- placed between its neighbours.
create or replace temp table stepped_time as
with recorded as (
    select 'line' as source, file_no, line as place, any_value(at_ms) as recorded_ms from log_event
    where run_key = $run_key and at_ms is not null group by file_no, line
    union all
    select 'now', file_no, line, any_value(now_ms) from (
        select file_no, line, try_cast(fields->>'now_ms' as bigint) as now_ms from log_event
        where run_key = $run_key and family = 'audit_runner_apply'
    ) where now_ms is not null group by file_no, line
    union all
    select 'arrival', file_no, byte, any_value(at_ms) from arrival group by file_no, byte
    union all
    select 'event', file_no, byte, any_value(at_ms) from event_time group by file_no, byte
),
fitting as (
    select source, file_no, place, recorded_ms, coalesce(r.low, 0) as low, coalesce(r.high, (select max(number) from clock_segment)) as high
    from recorded asof left join clock_range r on recorded_ms >= from_ms
),
narrowed as (
    select source, file_no, place, recorded_ms, max(low) over (same rows unbounded preceding) as low,
           min(high) over (same rows between current row and unbounded following) as high
    from fitting window same as (partition by source, file_no order by place)
)
select source, file_no, place, case when low = high then recorded_ms - offset_ms end as at_ms
from narrowed join clock_segment on number = low;

update log_event set at_ms = s.at_ms from stepped_time s
where run_key = $run_key and source = 'line' and s.file_no = log_event.file_no and place = line and log_event.at_ms is not null;
update arrival set at_ms = s.at_ms from stepped_time s where source = 'arrival' and s.file_no = arrival.file_no and place = byte;
delete from arrival where at_ms is null;
update event_time set at_ms = s.at_ms from stepped_time s where source = 'event' and s.file_no = event_time.file_no and place = byte;
delete from event_time where at_ms is null;
insert into stepped_now select file_no, place, at_ms from stepped_time where source = 'now';
drop table stepped_time;
drop table clock_segment;
drop table clock_range;
