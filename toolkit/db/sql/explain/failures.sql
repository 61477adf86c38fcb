-- row: event
-- reads: log
with events as (
    select venue, reason, list({file_no: f.file_no, line: (r->>1)::bigint}) as refs
    from (select number, venue, reason, unnest(from_json(lines, '["json"]')) as r
          from (select row_number() over () as number, * from run_episodes where kind in ('resync', 'connect_failure')))
    join run_files f on f.file = r->>0 group by number, venue, reason
),
ended as (
    select venue, reason, if(len(lines) > 0, list_transform(lines, lambda l: {file_no: ended_file_no, line: l}), [{file_no: ended_file_no, line: ended_line}]) as refs
    from run_disconnected
)
select *, 0 as life, (refs[1]).file_no * 1000000000000 + (refs[1]).line as ord, null::double as weight
from (select * from events union all by name select * from ended) where $scope in (venue, 'run')
