-- Insert ticks and venue ticks from the records in `data`, read with all fields. Parameter: $run_key.
insert into tick by name
select $run_key as run_key, seq, 0 as life, t, at_ms, at_ms is null as at_is_estimate, line, file_no, execution_mode,
       fv_available, fair_value, healthy_venues_used_count, kill_switch, kill_reason, risk_regime, pnl_total,
       would_send_orders_count, cap_hits, drained, funding_update, l2_delta, l2_snapshot, trade, out_market, reconcile_us,
       event_drain_us, engine_us, submit_us, total_us, order_tx_pending, pnl_realised, dollar_delta_usd, q_global_tao, hedge_delta_h_t, kf_p, kf_x_hat, fv_short_vol,
       fv_long_vol, sigma_eff, regime_ratio, shadow_spread_mult, shadow_size_mult, quote_levels, orders, fills, exits,
       hedges, risk_events, reconcile_drift, stood_still_ms,
       list_transform(marked_venues, lambda each: each.injected) as injected
from data;

-- Arrays become rows. In a record without event ages, venue_age_ms is the event age. A venue that the record does not name
-- gets a placeholder of its index (`?0`), which ticks/venue_names.sql resolves.
insert into venue_tick by name
with wide as (
    select seq, t, at_ms, names_no, venue_age_event_ms is not null as has_apply_age,
           unnest(range(greatest(len(venue_age_ms), len(venue_age_event_ms), len(venue_status), len(venue_mid_usd),
                                 len(venue_spread_usd), len(venue_depth_near_mid_usd), len(venue_toxicity)))) as idx,
           unnest(venue_age_ms) as age_ms, unnest(venue_age_event_ms) as event_ms, unnest(venue_status) as status,
           unnest(venue_mid_usd) as mid_usd, unnest(venue_spread_usd) as spread_usd,
           unnest(venue_depth_near_mid_usd) as depth_usd, unnest(venue_toxicity) as toxicity,
           unnest(venue_markout_ewma_usd_per_tao) as markout_ewma_usd,
           unnest(venue_margin_balance_usd) as margin_balance_usd, unnest(venue_margin_used_usd) as margin_used_usd,
           unnest(venue_margin_available_usd) as margin_available_usd, unnest(venue_dist_liq_sigma) as dist_liq_sigma,
           unnest(venue_local_vol_short) as local_vol_short, unnest(venue_funding_rate_8h) as funding_rate_8h,
           unnest(venue_funding_age_ms) as funding_age_ms, unnest(venue_funding_status) as funding_status
    from data
)
select $run_key as run_key, seq, 0 as life, t, at_ms,
       coalesce(getvariable('venue_names')[names_no + 1][idx + 1], '?' || idx) as venue, status,
       case when has_apply_age and age_ms >= 0 then age_ms end as age_apply_ms,
       case when not has_apply_age and age_ms >= 0 then age_ms when event_ms >= 0 then event_ms end as age_event_ms,
       has_apply_age, mid_usd, spread_usd, depth_usd, toxicity, markout_ewma_usd, margin_balance_usd, margin_used_usd,
       margin_available_usd, dist_liq_sigma, local_vol_short, funding_rate_8h, funding_age_ms, funding_status
from wide where idx is not null;
