-- row: entry
-- reads: telemetry
-- What a record lists, one row each; `kind` is the field of the record.
with listed as (
    select seq, 'orders' as kind, e.venue_id as of_venue, e.status, e."action" as action_name, null as event, null::double as edge_usd, null as level
    from (select seq, unnest(orders) as e from run_ticks)
    union all by name select seq, 'fills' as kind, e.venue_id as of_venue from (select seq, unnest(fills) as e from run_ticks)
    union all by name select seq, 'exits' as kind, e.edge_final as edge_usd from (select seq, unnest(exits) as e from run_ticks)
    union all by name select seq, 'hedges' as kind, e.venue_id as of_venue from (select seq, unnest(hedges) as e from run_ticks)
    union all by name select seq, 'drifts' as kind, e.venue_id as of_venue from (select seq, unnest(reconcile_drift) as e from run_ticks)
    union all by name
    select seq, 'events' as kind, if(regexp_full_match(e.event_type, '[a-z][a-z0-9_]{0,40}'), e.event_type, 'other') as event
    from (select seq, unnest(risk_events) as e from run_ticks)
)
select l.*, r.life, null as venue, seq * 1000 + row_number() over (partition by seq) as ord, null::double as weight, [{file_no: r.file_no, line: r.line}] as refs
from listed l join run_ticks r using (seq) where $scope in (of_venue, 'run')
