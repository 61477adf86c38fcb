-- title: Fresh time from the socket
-- unit: share
-- better: higher
-- figures: <venue>.fresh_by_socket.share
-- definition: Share of time with a fresh apply age that a book from the socket gave: fresh.share without the time masked by REST snapshots, over the records with apply ages.
-- source: telemetry venue_age_ms; run log, REST monitor and fallback lines
with ticks as (
    select v.venue, t.seq, t.weight_ms, has_apply_age, coalesce(age_apply_ms <= limit_ms, false) as fresh, m.venue is not null as masked
    from run_venues v join run_stale_limits using (venue) left join run_venue_ticks t using (venue)
    -- Masked stretches do not overlap, so this join adds no rows.
    left join run_masked m on m.venue = v.venue and m.life = t.life and t.at_ms > m.from_ms + limit_ms and t.at_ms < m.to_ms
)
select t.venue as scope, 'fresh_by_socket.share' as metric,
       case when bool_or(has_apply_age) then coalesce(sum(weight_ms) filter (fresh and not masked), 0) / coalesce(any_value(whole_ms), sum(weight_ms) filter (has_apply_age)) end as value,
       count(*) filter (has_apply_age) as n,
       case when bool_or(g.guessed) then 'estimate' else 'exact' end as bound, value as low, value as high,
       case when value is null and count(seq) = 0 then 'no telemetry' when value is null and bool_or(has_apply_age) then 'no record carries a time' when value is null then 'this telemetry version records event ages only'
            when bool_or(g.guessed) then 'masking inferred from the pattern of the age alone'
            when bool_or(not has_apply_age) then 'only over the records with apply ages; the other records have event ages only' end as note
from ticks t cross join run_apply_time left join (select venue, bool_or(guessed) as guessed from run_masked group by venue) g on g.venue = t.venue group by t.venue
