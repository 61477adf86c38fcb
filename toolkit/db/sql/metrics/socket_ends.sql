-- title: Statements of socket ends
-- unit: count
-- better: none
-- figures: <venue>.socket_ends:lower <venue>.socket_ends.audited <venue>.socket_ends.logged <venue>.socket_ends.silent:lower run.socket_ends:lower run.socket_ends.audited run.socket_ends.logged run.socket_ends.silent:lower
-- definition[socket_ends]: Connected sessions that ended, whatever ended them.
-- definition[socket_ends.audited]: Ended sockets of which an audit line (WS_AUDIT … reason=) states the reason. The figure counts what the log says and infers nothing from a missing line, so it is an exact 0 in the log of a build without such audit lines.
-- definition[socket_ends.logged]: Ended sockets whose end is reported by other lines only: an error, a close, a watchdog or a restart.
-- definition[socket_ends.silent]: Ended sockets without any line about their end. Only the next connecting line shows that they ended.
-- source: run log: life-cycle, audit and error lines, merged by session
with ends as (
    select venue, count(*) as ended, count_if(audited) as audited, count_if(not audited and not silent) as logged,
           count_if(not audited and silent) as silent
    from run_disconnected group by venue
),
counted as (
    select v.venue, coalesce(ended, 0) as ended, coalesce(audited, 0) as audited, coalesce(logged, 0) as logged, coalesce(silent, 0) as silent,
           coalesce(truncated, false) as least
    from run_venues v left join ends using (venue) left join run_truncated_starts using (venue)
),
scoped as (
    from counted union all
    select 'run', sum(ended), sum(audited), sum(logged), sum(silent), bool_or(least) from counted having count(*) > 0
)
select venue as scope, metric, case when has_lifecycle then amount::bigint end as value, coalesce(ended, 0)::bigint as n, if(least, 'lower', 'exact') as bound,
       value as low, case when not least then value end as high,
       case when not has_log then why_no_log when not has_lifecycle then 'no life-cycle line in the log'
            when least then 'the log begins after the venue had connected'
            when metric = 'socket_ends.audited' and not instrumented then 'no such line in the log' end as note
from scoped, run_log_proof,
     lateral (values ('socket_ends', ended), ('socket_ends.audited', audited), ('socket_ends.logged', logged), ('socket_ends.silent', silent)) as s (metric, amount)
