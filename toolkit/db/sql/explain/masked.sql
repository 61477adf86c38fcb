-- row: stretch
-- reads: telemetry, log
-- needs: outages, rest_books, masked
-- Each stretch with the lines that bound it, and its first and last record.
with inside as (
    select m.from_ms, m.life, min({seq: r.seq, file_no: r.file_no, line: r.line}) as first, max({seq: r.seq, file_no: r.file_no, line: r.line}) as last,
           sum(t.weight_ms) filter (t.at_ms > m.stale_from_ms and t.at_ms < m.to_ms and age_apply_ms <= limit_ms) as fresh_ms
    from run_masked m join run_venue_ticks t on t.venue = m.venue and t.life = m.life and t.at_ms between m.from_ms and m.to_high_ms
    join run_stale_limits s on s.venue = m.venue join run_ticks r using (seq) where m.venue = $scope group by m.from_ms, m.life
)
select m.* exclude (lines), m.to_ms - m.from_ms as ms, coalesce(fresh_ms, 0) as fresh_ms, m.from_ms as ord, null::double as weight,
       list_distinct(list_filter([{file_no: l.file_no, line: l.line} for l in m.lines if l is not null]
                                 || [{file_no: i.first.file_no, line: i.first.line}, {file_no: i.last.file_no, line: i.last.line}], lambda r: r.line is not null)) as refs
from run_masked m left join inside i using (from_ms, life) where m.venue = $scope
