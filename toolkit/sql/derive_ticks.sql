-- From records as read to ticks with lives, times and weights. Bound: $run_key.
-- A life ends where `t` falls; an equal `t` is a duplicate record, not a life.
create or replace temp table ordered_tick as
with lived as (
    select *, sum(fell) over (order by seq rows unbounded preceding)::integer as life
    from (select seq, t, at_ms, coalesce(t < lag(t) over (order by seq), false)::integer as fell from raw_tick)
),
-- A record without a wall clock is placed on the line between its neighbours in the same life.
neighbours as (
    select *,
           last_value(case when at_ms is not null then seq end ignore nulls) over before as seq_0,
           last_value(at_ms ignore nulls) over before as at_0,
           first_value(case when at_ms is not null then seq end ignore nulls) over after as seq_1,
           first_value(at_ms ignore nulls) over after as at_1
    from lived
    window before as (partition by life order by seq rows between unbounded preceding and current row),
           after as (partition by life order by seq rows between current row and unbounded following)
)
select seq, life, at_ms is null as at_is_estimate,
       coalesce(at_ms, round(at_0 + (at_1 - at_0) * (seq - seq_0) / (seq_1 - seq_0))::bigint, at_0, at_1) as at_ms
from neighbours;

-- The weight of a tick is the time to the next one, at most five median gaps; the last of a life weighs one median.
-- In the order of `raw_tick`, so that the two stand side by side without a join.
create or replace temp table timed_tick as
with gaps as (
    -- A clock that steps back makes no negative weight; `greatest` alone would turn the last tick's null into 0.
    select *, lead(at_ms) over (partition by life order by seq) - at_ms as step_ms,
           case when step_ms is not null then greatest(step_ms, 0) end as gap_ms
    from ordered_tick
),
medians as (select life, median(gap_ms) as median_ms from gaps group by life)
select seq, life, at_ms, at_is_estimate,
       case when gap_ms is null then median_ms else least(gap_ms, 5 * median_ms) end as weight_ms,
       case when gap_ms > 5 * median_ms then gap_ms - 5 * median_ms else 0 end as hole_ms
from gaps join medians using (life) order by seq;

insert into tick by name
select $run_key as run_key, r.seq, o.life, r.t, o.at_ms, o.at_is_estimate, o.weight_ms, o.hole_ms, r.line, r.file_no,
       execution_mode, fv_available, fair_value, healthy_venues_used_count, kill_switch, kill_reason, risk_regime,
       pnl_total, would_send_orders_count, cap_hits, drained, reconcile_us, event_drain_us, engine_us, submit_us, total_us,
       order_tx_pending, pnl_realised, dollar_delta_usd, q_global_tao, hedge_delta_h_t, kf_p, kf_x_hat, fv_short_vol,
       fv_long_vol, sigma_eff, regime_ratio, shadow_spread_mult, shadow_size_mult, quote_levels, orders, fills, exits,
       hedges, risk_events, reconcile_drift
from raw_tick r positional join timed_tick o;

set variable venue_names = (select list(names order by names_no) from raw_names);

-- Arrays become rows. Without event ages in the record, the producer's only age is the event age.
insert into venue_tick by name
with wide as (
    select r.* exclude (at_ms, quote_levels, orders, fills, exits, hedges, risk_events, reconcile_drift),
           o.life, o.at_ms, o.weight_ms,
           unnest(range(greatest(len(venue_age_ms), len(venue_age_event_ms), len(venue_status), len(venue_mid_usd),
                                 len(venue_spread_usd), len(venue_depth_near_mid_usd), len(venue_toxicity)))) as idx
    from raw_tick r positional join timed_tick o
)
select $run_key as run_key, seq, life, t, at_ms, weight_ms,
       coalesce(getvariable('venue_names')[names_no + 1][idx + 1], getvariable('venue_names')[-1][idx + 1],
                'venue_' || idx) as venue,
       venue_status[idx + 1] as status,
       case when venue_age_event_ms is not null and venue_age_ms[idx + 1] >= 0
            then venue_age_ms[idx + 1] end as age_apply_ms,
       case when venue_age_event_ms is null and venue_age_ms[idx + 1] >= 0 then venue_age_ms[idx + 1]
            when venue_age_event_ms[idx + 1] >= 0 then venue_age_event_ms[idx + 1] end as age_event_ms,
       venue_age_event_ms is not null as has_apply_age,
       venue_mid_usd[idx + 1] as mid_usd,
       venue_spread_usd[idx + 1] as spread_usd,
       venue_depth_near_mid_usd[idx + 1] as depth_usd,
       venue_toxicity[idx + 1] as toxicity,
       venue_markout_ewma_usd_per_tao[idx + 1] as markout_ewma_usd,
       venue_margin_balance_usd[idx + 1] as margin_balance_usd,
       venue_margin_used_usd[idx + 1] as margin_used_usd,
       venue_margin_available_usd[idx + 1] as margin_available_usd,
       venue_dist_liq_sigma[idx + 1] as dist_liq_sigma,
       venue_local_vol_short[idx + 1] as local_vol_short,
       venue_funding_rate_8h[idx + 1] as funding_rate_8h,
       venue_funding_age_ms[idx + 1] as funding_age_ms,
       venue_funding_status[idx + 1] as funding_status
from wide;

drop table ordered_tick;
drop table timed_tick;
drop table raw_tick;
drop table raw_names;
