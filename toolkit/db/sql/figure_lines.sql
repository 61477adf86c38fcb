-- Lines of the figures that count no episodes: of socket ends, those that report the end; of counters, the first and the last
-- reading in each life and each one that began again. Columns: figure, file, line.
with ends as (
    select venue, case when audited then 'audited' when silent then 'silent' else 'logged' end as report, ended_file_no as file_no,
           unnest(if(len(lines) > 0, lines, [ended_line])) as line
    from run_disconnected
),
names as (
    select * from (values ('pings.sent', '_ping_sent_count'), ('pings.failed', '_ping_send_fail_count'), ('ts_fallbacks', '_ts_fallback_count'),
                          ('publisher.try_send_full', 'mp_try_send_full_count'), ('publisher.try_send_full', 'try_send_full'),
                          ('publisher.pending_latest_replaced', 'mp_pending_latest_replaced_count'),
                          ('publisher.lossless_wait', 'mp_lossless_wait_count')) as n (metric, name)
),
readings as (
    select coalesce(venue, 'run') as scope, metric, file_no, line,
           lag(value) over same is null or lead(value) over same is null or value < lag(value) over same as cited
    from run_counters c join names n on c.name = if(n.name[1] = '_', venue || n.name, n.name)
    window same as (partition by life, venue, c.name, kind order by file_no, line)
),
cited as (
    select scope, metric, file_no, line
    from ends, lateral (values (venue), ('run')) as s (scope), lateral (values ('socket_ends'), ('socket_ends.' || report)) as m (metric)
    union all select scope, metric, file_no, line from readings where cited
)
select scope || '.' || metric as figure, list((file, line) order by file_no, line)
from (select distinct * from cited) join run_files using (file_no) group by all
