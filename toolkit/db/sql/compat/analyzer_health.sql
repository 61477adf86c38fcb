-- Per venue of one telemetry file: records by status, changes of status, and runs of records that are not Healthy.
-- Parameters: $run_key, $file_no. Records that share a line with another are excluded: the analyzer cannot read such a line.
with readable as (
    select seq, row_number() over (order by seq) as nth
    from (select seq, count(*) over (partition by line) as on_line from tick where run_key = $run_key and file_no = $file_no)
    where on_line = 1
),
records as (
    select venue, nth, status, lag(status) over (partition by venue order by nth) as before,
           nth - row_number() over (partition by venue, status = 'Healthy' order by nth) as run
    from venue_tick join readable using (seq) where run_key = $run_key and status is not null
),
runs as (select venue, count(*) as length from records where status <> 'Healthy' group by venue, run),
longest as (select venue, max(length) as longest, count(*) as runs from runs group by venue)
select venue, count(*) as n, count_if(status = 'Healthy') as healthy, count_if(status = 'Stale') as stale,
       count_if(status = 'Disabled') as disabled, count_if(status <> before) as flips, coalesce(any_value(longest), 0) as longest,
       coalesce(any_value(runs), 0) as runs
from records join venue v using (venue) left join longest using (venue)
where v.run_key = $run_key
group by venue_index, venue order by venue_index
