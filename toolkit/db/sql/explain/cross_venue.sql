-- row: record
-- reads: telemetry
with together as (
    select seq, count_if(status = 'Healthy' and mid_usd > 0) as priced, count(status) as with_status, count_if(status <> 'Healthy') as unhealthy,
           max(mid_usd) filter (status = 'Healthy' and mid_usd > 0) - min(mid_usd) filter (status = 'Healthy' and mid_usd > 0) as apart_usd,
           median(mid_usd) filter (status = 'Healthy' and mid_usd > 0) as middle_usd
    from run_venue_ticks group by seq
)
select r.* exclude (life), r.life, t.* exclude (seq), null as venue, r.seq as ord, r.weight_ms as weight, [{file_no: r.file_no, line: r.line}] as refs
from run_ticks r left join together t using (seq)
