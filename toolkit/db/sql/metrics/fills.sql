-- title: Fills
-- unit: count
-- better: none
-- figures: run.fills <venue>.fills
-- definition: Number of recorded fills, for the run and per venue. In shadow mode no order is sent, so nothing can fill.
-- source: telemetry fills
with filled as (select unnest(fills).venue_id as venue from run_ticks),
totals as (select count(fills) as n, coalesce(sum(len(fills)), 0) as fills, bool_and(execution_mode = 'shadow') as shadow from run_ticks),
counted as (
    select 'run' as scope, fills as amount from totals
    union all
    select v.venue, count(f.venue) from run_venues v left join filled f using (venue) group by v.venue
)
select scope, 'fills' as metric, case when n > 0 then amount end as value, n, 'exact' as bound, value as low, value as high,
       case when value is null then 'no record carries the field fills' when shadow and fills = 0 then 'cannot move: shadow mode sends no order' end as note
from counted, totals
