-- Sockets that a venue closed, grouped by the code and reason of the close frame. A group's ages are from connecting to the
-- close, in ms. Parameter: $regular, the largest distance from the median, as a share of it, of a regular close.
with closed as (
    select s.venue, close_code, close_reason, f.file, ended_file_no, ended_line, ended_ms - began_ms as age_ms,
           ended_error_ms + began_error_ms as error_ms, beginning_lost
    from run_disconnected s join run_files f on f.file_no = ended_file_no
    where reason = 'server_close' or close_reason is not null
),
aged as (
    select * replace (if(beginning_lost, null, age_ms) as age_ms), median(age_ms) over (partition by venue, close_code, close_reason) as median_ms
    from closed
)
select venue, close_code, close_reason, count(*) as n, list(file order by ended_file_no, ended_line), list(ended_line order by ended_file_no, ended_line),
       any_value(median_ms)::bigint, min(age_ms), max(age_ms), max(error_ms) filter (age_ms is not null),
       coalesce(count_if(abs(age_ms - median_ms) <= $regular * median_ms), 0)
from aged group by all order by venue, n desc, close_code, close_reason
