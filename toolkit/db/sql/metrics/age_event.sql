-- title: Event age
-- unit: ms
-- better: lower
-- figures: <venue>.age_event_ms.p50 <venue>.age_event_ms.p95 <venue>.age_event_ms.p99 <venue>.age_event_ms.max <venue>.age_event_ms.mean
-- definition: Age of the last applied book by the timestamp that the book carries (ms): percentiles (R type 7), maximum and mean. Ticks of unknown age and ages of 10⁹ ms or more (missing timestamp) are excluded. The timestamp is the exchange's or a local one, depending on the venue, so venues are not ranked by this figure. Where the wall clock steps, low and high differ from the value by the size of the steps; they are unknown where the size of a step between two lives is.
-- source: telemetry venue_age_event_ms; venue_age_ms in records without it
select venue as scope, 'age_event_ms.' || stat as metric, value, coalesce(n, 0) as n,
       case when shift_ms = 0 then 'exact' else 'estimate' end as bound, not_below_zero(value - shift_ms) as low, value + shift_ms as high,
       case when n is null then 'no known age' when coalesce(shift_ms > 0, true) then 'the wall clock stepped: the ages before and after rest on different clocks' end as note
from run_clock_shift, run_venues cross join (values ('p50'), ('p95'), ('p99'), ('max'), ('mean')) as stats (stat)
left join age_stats('run_event_ages') using (venue, stat)
