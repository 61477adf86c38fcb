-- title: Risk events
-- unit: count
-- better: lower
-- figures: run.risk_events run.risk_events.<event>
-- definition[risk_events]: Events that the risk engine reports, of all kinds.
-- definition[risk_events.<event>]: Events of this kind that the risk engine reports.
-- definition: Kinds: venue_disabled, risk_regime_transition, kill_switch_activation, breaches of a warning or hard limit, liq_warn. A kind whose name is not a lower-case identifier counts as `other`.
-- source: telemetry risk_events
with events as (
    select case when regexp_full_match(event_type, '[a-z][a-z0-9_]{0,40}') then event_type else 'other' end as event
    from (select unnest(risk_events).event_type as event_type from run_ticks)
),
named as (
    select unnest(['venue_disabled', 'risk_regime_transition', 'kill_switch_activation']) as event union select event from events
),
counted as (
    select '.' || n.event as suffix, count(e.event) as amount from named n left join events e using (event) group by n.event
    union all select '', count(*) from events
)
select 'run' as scope, 'risk_events' || suffix as metric, case when n > 0 then amount end as value, n, 'exact' as bound, value as low,
       value as high, case when value is null then 'no record carries the field risk_events' end as note
from counted, (select count(risk_events) as n from run_ticks)
