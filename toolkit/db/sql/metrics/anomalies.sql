-- title: Anomalies
-- unit: count
-- better: lower
-- figures: run.anomalies.total run.anomalies.mid_jump run.anomalies.kill_switch run.anomalies.age_spike run.anomalies.spread_blowout run.anomalies.quoting_gap
-- definition[anomalies.total]: Number of anomalies of all five kinds: jumps of a mid, kill switches, age spikes, spread blow-outs, quoting gaps.
-- definition[anomalies.mid_jump]: Number of times that a mid moves by more than 50 bps from one record to the next.
-- definition[anomalies.kill_switch]: Number of records with the kill switch on.
-- definition[anomalies.age_spike]: Number of ages (apply age, or event age in a record without one) above 3 s and above three times the venue's stale limit.
-- definition[anomalies.spread_blowout]: Number of spreads of more than ten times the venue's median, for venues with more than 100 positive spreads.
-- definition[anomalies.quoting_gap]: Number of stretches of at least 20 records without an order intent.
-- definition: All are counted. The producer's analyzer differs: it uses the median of the spreads so far, counts spreads of 0 in it, and stops its total at 5 000.
-- source: telemetry venue_mid_usd, kill_switch, venue_age_ms, venue_spread_usd, would_send_orders_count
with mids as (select mid_usd, lag(mid_usd) over (partition by venue, life order by seq) as previous_usd from run_venue_ticks where mid_usd > 0),
spreads as (
    select coalesce(count_if(spread_usd > 10 * median_usd), 0) as n
    from run_venue_ticks join (select venue, median(spread_usd) as median_usd from run_venue_ticks where spread_usd > 0 group by venue having count(*) > 100) using (venue)
    where spread_usd > 0
),
quiet as (
    select life, would_send_orders_count as intents, sum((would_send_orders_count > 0)::integer) over (partition by life order by seq) as stretch
    from run_ticks where would_send_orders_count is not null
),
gaps as (select count(*) as ticks from quiet where intents = 0 group by life, stretch having count(*) >= 20),
counted as (
    select 'mid_jump' as kind, count_if(abs(mid_usd - previous_usd) / previous_usd * 10000 > 50) as n, count(*) > 0 as known from mids
    union all select 'kill_switch', count_if(kill_switch), count(kill_switch) > 0 from run_ticks
    union all select 'age_spike', count_if(age > 3000 and age > 3 * limit_ms), count(age) > 0
              from (select venue, case when has_apply_age then age_apply_ms when age_event_ms < 1000000000 then age_event_ms end as age from run_venue_ticks)
              join run_stale_limits using (venue)
    union all select 'spread_blowout', n, (select count(*) > 0 from run_venue_ticks where spread_usd > 0) from spreads
    union all select 'quoting_gap', (select count(*) from gaps), count(*) > 0 from quiet
),
summed as (select kind, case when known then n end as value from counted union all select 'total', sum(n) filter (where known) from counted)
select 'run' as scope, 'anomalies.' || kind as metric, value, (select count(*) from run_ticks) as n, 'exact' as bound, value as low, value as high,
       case when value is null then 'no record carries the field that this count needs' end as note
from summed
