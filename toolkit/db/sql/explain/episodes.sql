-- row: event
-- reads: log
with referred as (
    select number, list({file_no: f.file_no, line: (r->>1)::bigint} order by nth) as refs
    from (select number, unnest(from_json(lines, '["json"]')) as r, generate_subscripts(from_json(lines, '["json"]'), 1) as nth
          from (select row_number() over () as number, lines from run_episodes))
    join run_files f on f.file = r->>0 group by number
)
select e.*, 0 as life, (refs[1]).file_no * 1000000000000 + (refs[1]).line as ord, null::double as weight, refs
from (select row_number() over () as number, * from run_episodes) e left join referred using (number) where $scope in (venue, 'run')
