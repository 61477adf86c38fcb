-- First and last time of the run's records, and the median time between them; null without a record that has a time.
select min(at_ms), max(at_ms), median(gap_ms)
from (select at_ms, at_ms - lag(at_ms) over (partition by life order by seq) as gap_ms from run_ticks);
