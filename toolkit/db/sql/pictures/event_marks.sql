-- Reconnects, resyncs and kept timeouts, each with the range of time in which it happened: from the last evidence of the
-- socket to the first evidence of its end. A reconnect is known by the line that connects again.
with events as (
    select *, row_number() over () as number, lines->>'$[0][0]' as first_file, (lines->>'$[0][1]')::bigint as first_line,
           lines->>'$[#-1][0]' as last_file, (lines->>'$[#-1][1]')::bigint as last_line
    from (select venue, kind, reason, lines::json as lines from run_episodes where kind in ('reconnect', 'resync', 'kept'))
),
connected as (
    select venue, file as last_file, began_line as last_line, lag(ended_low_ms) over same as low_ms, lag(ended_high_ms) over same as high_ms,
           lag(close_reason) over same as stated
    from run_session_bounds join run_files using (file_no) where reached <> 'connecting'
    window same as (partition by life, venue order by session)
),
of_lines as (
    select file as first_file, line as first_line, min(at_ms - at_error_ms) as low_ms, max(at_ms + at_error_ms) as high_ms
    from run_all_log_events join run_files using (file_no) where at_ms is not null group by all
)
select venue, kind, reason, coalesce(c.low_ms, o.low_ms) as from_ms, coalesce(c.high_ms, o.high_ms) as to_ms, nullif(stated, ''), lines::varchar
from events left join connected c using (venue, last_file, last_line) left join of_lines o using (first_file, first_line)
order by from_ms + to_ms nulls last, venue, number;
