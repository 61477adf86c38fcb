-- row: ended socket
-- reads: log
with stated as (
    select venue, replace(coalesce(fields->>'reason', reason), 'bootstrap_', '') as class, life, log_no, file_no, line
    from run_log_events join run_log_parts using (file_no) where family = 'audit_bootstrap_timeout'
),
ended as (
    select s.*, (select max_by({class: class, file_no: t.file_no, line: t.line}, (t.file_no, t.line)) from stated t where t.venue = s.venue and t.life = s.life
                 and t.log_no = s.log_no and (t.file_no, t.line) >= (s.file_no, s.began_line) and (t.file_no, t.line) <= (s.ended_file_no, s.ended_line)) as cause
    from (select * from run_disconnected join run_log_parts using (file_no)) s where venue = $scope
)
select *, coalesce(cause.class, case when reached = 'first_message' then 'frame_no_book' when reached <> 'first_book' then 'no_first_frame' end) as class,
       ended_file_no * 1000000000000 + ended_line as ord, null::double as weight,
       list_distinct([{file_no: file_no, line: began_line}, coalesce({file_no: cause.file_no, line: cause.line}, {file_no: ended_file_no, line: ended_line})]) as refs
from ended
