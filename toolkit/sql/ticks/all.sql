-- Ticks and their venues from records read whole. Bound: $run_key.
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
