-- title: Time covered
-- unit: ms
-- better: none
-- figures: run.span_ms run.hole_ms:lower run.requested_ms
-- definition[span_ms]: Last minus first record time of each life, summed, with the time that the ticks take in place of a step of the wall clock. A step is found where the clock goes back between two records, and where the ages show that the clock's difference of 100 ms or more from the time of the ticks did not pass: the age of a book that began before, if the producer measures it by another clock than that of the records; else, from 300 ms, the event ages of all venues. Steps that no age shows, and smaller ones, are not found.
-- definition[hole_ms]: Time beyond five median gaps between two records, which the tick weights exclude.
-- definition[requested_ms]: Requested run time, minus build time where the log shows a build.
-- source: telemetry treasury_guidance.as_of_ms; the run's own metadata or --requested
with spans as (
    select life, max(at_ms) - min(at_ms) as span_ms, case when count(at_ms) > 0 then sum(hole_ms) end as hole_ms, count(at_ms) as n, bool_or(at_is_estimate) as guessed
    from run_ticks group by life
),
total as (select sum(span_ms) as span_ms, sum(hole_ms) as hole_ms, coalesce(sum(n), 0) as n, bool_or(guessed) as guessed from spans)
select 'run' as scope, metric, value, n, case when guessed then 'estimate' else 'exact' end as bound,
       case when not guessed then value end as low, case when not guessed then value end as high,
       case when value is null then 'no record carries a time'
            when guessed then 'some records carry no time; theirs is interpolated between neighbours' end as note
from total, lateral (values ('span_ms', span_ms), ('hole_ms', hole_ms)) as v (metric, value)
union all
select 'run', 'requested_ms', requested_ms, (requested_ms is not null)::integer, 'exact', requested_ms, requested_ms,
       case when requested_ms is null then 'the files do not state a requested run time' end
from run_info
