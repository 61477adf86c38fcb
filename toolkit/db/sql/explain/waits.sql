-- row: wait
-- reads: log
-- needs: downtimes
with policies as (
    select venue, coalesce((select kind = 'toolkit' from run_info), false)
                  or venue in (select venue from run_log_events where family = 'audit_reconnect_policy') as fast
    from run_venues
),
ended as (
    select *, next_low_ms - ended_high_ms as low_ms, next_high_ms - ended_low_ms as high_ms, reason in ('enforcer_restart', 'task_panic') as external,
           external or coalesce(ended_high_ms - began_low_ms >= 60000, true) as may_reset
    from (select *, lead(began_line) over same as next_line, lead(file_no) over same as next_file_no
          from run_session_bounds window same as (partition by life, venue order by session))
    where ended_line is not null and retried
),
parts as (select *, sum(may_reset::int) over (partition by life, venue order by session) as part from ended)
select p.*, case when fast then 100 else least(1000 * 2 ** least(row_number() over (partition by life, venue, part order by session) - 1, 5), 30000) end as policy_ms,
       ended_file_no * 1000000000000 + ended_line as ord, null::double as weight,
       list_distinct([{file_no: ended_file_no, line: ended_line}, {file_no: next_file_no, line: next_line}]) as refs
from parts p join policies using (venue) where venue = $scope
