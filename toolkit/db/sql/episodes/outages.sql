-- Outages: from the last fresh tick of a venue to its next fresh tick, each with the first class that fits.
-- A stretch at the start of a life is `startup`. A stretch that reaches the end of a life ends at its last tick.
create or replace table run_outages as
with judged as (
    select v.venue, life, seq, at_ms, age_apply_ms, limit_ms, mid_usd, depth_usd,
           coalesce(age_apply_ms <= limit_ms, false) as fresh, coalesce(lag(age_apply_ms) over same <= limit_ms, false) as was_fresh,
           lead(at_ms) over same as next_ms, lag(at_ms) over same as before_ms, lag(age_apply_ms) over same as age_before, lag(mid_usd) over same as mid_before
    from run_venue_ticks v join run_stale_limits using (venue)
    where has_apply_age
    window same as (partition by v.venue, life order by seq)
),
stretched as (
    select *, sum(was_fresh::integer) over (partition by venue, life order by seq) as stretch from judged where not fresh
),
outages as (
    select venue, life, stretch, min(at_ms) as stale_from_ms, max(coalesce(next_ms, at_ms)) as to_ms,
           coalesce(arg_min(before_ms, seq), arg_min(at_ms, seq)) as from_ms, max(at_ms) as last_stale_ms, stretch = 0 as leads,
           count(*) as ticks, avg((depth_usd = 0)::integer) as depth_zero_share,
           coalesce(max(age_apply_ms - limit_ms) <= 20, false) as threshold_edge,
           -- Dead: the age grows by the tick interval at every tick and the mid does not change.
           count(*) > 1 and bool_and(age_before is null or abs(age_apply_ms - age_before - (at_ms - before_ms)) <= 2)
               and bool_and(mid_before is null or mid_usd = mid_before) as ages_in_step
    from stretched group by venue, life, stretch
),
decoded as (
    select o.venue, o.life, o.stretch, count(*) as errors
    from outages o join run_log_events e
      on e.venue = o.venue and e.family in ('parse_error', 'decode_miss') and e.at_ms between o.from_ms and o.to_ms
    group by all
)
select o.*, case when leads then 'startup' when errors > 0 then 'decode' when depth_zero_share > 0.5 then 'one_sided'
                 when ages_in_step then 'dead' else 'unclassified' end as class
from outages o left join decoded using (venue, life, stretch);

-- Each of three or more outages that begin within one minute gets the flag `flapping`; one whose ages exceed the limit by
-- no more than the error of a tick's time (20 ms) gets `threshold_edge`.
insert into episode by name
with following as (
    select *, count(*) over (partition by venue, life, leads order by from_ms range between current row and 60000 following) as within_a_minute
    from run_outages
),
flagged as (
    select *, max(within_a_minute) over (partition by venue, life, leads order by from_ms range between 60000 preceding and current row) as busiest
    from following
)
select 1 as run_key, venue, 'outage' as kind, from_ms, to_ms, class, null as reason,
       list_filter([case when busiest >= 3 and not leads then 'flapping' end, case when threshold_edge and not leads then 'threshold_edge' end],
                   lambda flag: flag is not null) as flags, '[]' as lines
from flagged
order by from_ms, venue;
