-- row: stretch
-- reads: telemetry
-- needs: plateaus
-- Each stretch with its first and last record above the limit.
with above as (
    select basis, v.venue, v.life, v.seq, v.at_ms, l.limit_ms, l.name, r.file_no, r.line
    from (select *, 'apply' as basis, age_apply_ms as age from run_venue_ticks union all
          select *, 'event', age_event_ms from run_venue_ticks where age_event_ms < 1000000000) v
    join run_plateau_limits l on age > l.limit_ms join run_ticks r using (seq) where v.venue = $scope
)
select p.venue, p.life, any_value(name) as name, p.basis, any_value(length_ms) as length_ms, any_value(ticks) as ticks, min(a.seq) as ord, null::double as weight,
       list_distinct([min({seq: a.seq, file_no: a.file_no, line: a.line}), max({seq: a.seq, file_no: a.file_no, line: a.line})]) as refs
from run_plateaus p left join above a on a.basis = p.basis and a.venue = p.venue and a.life = p.life and a.limit_ms = p.limit_ms
 and a.at_ms between p.from_ms and coalesce(p.to_ms, a.at_ms)
where p.venue = $scope group by p.venue, p.life, p.basis, p.limit_ms, p.from_ms, p.to_ms
