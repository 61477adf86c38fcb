-- Largest apply age of each venue in each step of $step_ms from $start_ms to $end_ms, null in a step without a known age,
-- and the quantiles of its ages at $shares.
with steps as (select unnest(range(($end_ms - $start_ms) // $step_ms + 1)) as step),
largest as (
    select venue, (at_ms - $start_ms) // $step_ms as step, max(age_apply_ms) as age_ms
    from run_venue_ticks where at_ms is not null and age_apply_ms is not null group by all
),
curves as (
    select venue, list(age_ms order by step) as ages_ms
    from run_venues cross join steps left join largest using (venue, step) group by venue
),
apply_quantiles as (select venue, quantile_disc(age_apply_ms, $shares) as apply_ms from run_venue_ticks group by venue),
event_quantiles as (select venue, quantile_disc(age_event_ms, $shares) as event_ms from run_venue_ticks where age_event_ms < 1000000000 group by venue)
select v.venue, limit_ms, ages_ms, apply_ms, event_ms
from run_venues v join run_stale_limits using (venue) join curves using (venue)
left join apply_quantiles using (venue) left join event_quantiles using (venue)
order by venue_index;
