-- Set the time of each log line between two bounds: their middle, with half their distance as the error. Parameter: $run_key.
create or replace temp table placed_line as
with lines as (select distinct file_no, line from log_event where run_key = $run_key and at_ms is null),
-- Bounds from earlier and later parts of the same rotated log.
around as (
    select p.file_no, max_by(low_ms, (b.file_no, b.line)) filter (b.file_no < p.file_no and low_ms is not null) as low_ms,
           min_by(high_ms, (b.file_no, b.line)) filter (b.file_no > p.file_no and high_ms is not null) as high_ms
    from log_part p join log_part q using (log_no) join line_bound b on b.file_no = q.file_no group by p.file_no
),
bounded as (
    select l.file_no, l.line, coalesce(b.low_ms, o.low_ms) as low_ms, coalesce(a.high_ms, o.high_ms) as high_ms
    from lines l left join around o using (file_no)
    asof left join (select * from line_bound where low_ms is not null) b on b.file_no = l.file_no and b.line <= l.line
    asof left join (select * from line_bound where high_ms is not null) a on a.file_no = l.file_no and a.line >= l.line
)
select file_no, line, round((low_ms + high_ms) / 2)::bigint as at_ms, ceil(abs(high_ms - low_ms) / 2)::bigint as at_error_ms
from bounded where low_ms is not null and high_ms is not null;

-- A timestamp on the line is exact, even where the clock that gave it steps back.
update log_event set at_error_ms = 0 where run_key = $run_key and at_ms is not null and at_error_ms is null;
-- A condition on the time would make DuckDB join from the other table and update the rows out of order, many times slower.
update log_event set at_ms = coalesce(log_event.at_ms, p.at_ms),
                     at_error_ms = case when log_event.at_ms is null then p.at_error_ms else log_event.at_error_ms end
from placed_line p where log_event.run_key = $run_key and log_event.file_no = p.file_no and log_event.line = p.line;

drop table clocked_line;
drop table adjoining_part;
drop table line_bound;
drop table arrival;
drop table event_time;
drop table lives_agree;
