-- title: Availability of the fair value
-- unit: count
-- better: lower
-- figures: run.fair_value.available.share:share:higher run.fair_value.unavailable.ticks run.fair_value.unavailable.stretches run.fair_value.unavailable.longest_ticks:number run.fair_value.unavailable.longest_ms:ms
-- definition[fair_value.available.share]: Share of time in which the record marks the fair value as available.
-- definition[fair_value.unavailable.ticks]: Records without an available fair value.
-- definition[fair_value.unavailable.stretches]: Uninterrupted series, within a life, of records without an available fair value.
-- definition[fair_value.unavailable.longest_ticks]: Records in the longest series without an available fair value.
-- definition[fair_value.unavailable.longest_ms]: Duration of the longest series without an available fair value (ms).
-- definition: A stretch still open at the end of a life counts; the producer's analyzer drops it.
-- source: telemetry fv_available
with marked as (
    select life, seq, weight_ms, fv_available, sum(fv_available::integer) over (partition by life order by seq) as stretch
    from run_ticks where fv_available is not null
),
stretches as (select count(*) as ticks, sum(weight_ms) as ms from marked where not fv_available group by life, stretch),
summed as (
    select count(*) as n, coalesce(sum(weight_ms) filter (where fv_available), 0) / sum(weight_ms) as share, count_if(not fv_available) as ticks,
           (select count(*) from stretches) as stretches, (select coalesce(max(ticks), 0) from stretches) as longest_ticks,
           (select coalesce(max(ms), 0) from stretches) as longest_ms
    from marked
)
select 'run' as scope, 'fair_value.' || stat as metric, case when n > 0 then amount end as value, n, 'exact' as bound, value as low,
       value as high, case when value is null then 'no record carries fv_available' end as note
from summed, lateral (values ('available.share', share), ('unavailable.ticks', ticks), ('unavailable.stretches', stretches),
                             ('unavailable.longest_ticks', longest_ticks), ('unavailable.longest_ms', longest_ms)) as v (stat, amount)
