-- row: failed attempt
-- reads: log
with looked_up as (
    select number, any_value(reason) as reason, list({file_no: f.file_no, line: (r->>1)::bigint}) as refs
    from (select number, reason, unnest(from_json(lines, '["json"]')) as r
          from (select row_number() over () as number, * from run_episodes where kind = 'connect_failure' and venue = $scope))
    join run_files f on f.file = r->>0 group by number
),
attempts as (
    select coalesce(reason, 'unknown') as reason, list_distinct([{file_no: file_no, line: began_line}, {file_no: ended_file_no, line: ended_line}]) as refs
    from run_sessions where reached = 'connecting' and reason is not null and venue = $scope
)
select reason, refs, null as venue, 0 as life, (refs[1]).file_no * 1000000000000 + (refs[1]).line as ord, null::double as weight
from (select reason, refs from looked_up union all select reason, refs from attempts)
