-- title: Time masked by REST
-- unit: ms
-- better: lower
-- figures: <venue>.masked.ms <venue>.masked.fresh_ms <venue>.masked.episodes:count
-- definition: masked.ms: time from the last book of the socket to its next one, where at least one REST snapshot was applied between (ms). masked.fresh_ms: its part with a fresh age, without the first stale limit after the socket's last book. masked.episodes: number of such stretches. A stretch that does not end runs to the last record of its life. Evidence is a rising injection count or an active fallback in the log; without a log, the saw-tooth pattern of the age alone.
-- source: telemetry venue_age_ms; run log, REST monitor and fallback lines
with fresh as (
    select m.venue, sum(t.weight_ms) as fresh_ms
    from run_masked m join run_stale_limits l on l.venue = m.venue
    join run_venue_ticks t on t.venue = m.venue and t.life = m.life and t.at_ms > m.from_ms + l.limit_ms and t.at_ms < m.to_ms and t.age_apply_ms <= l.limit_ms
    group by m.venue
),
ages as (select venue, count(*) as n from run_venue_ticks where age_apply_ms is not null group by venue),
gaps as (select venue, max(gap_ms) as longest_gap_ms from run_applies group by venue),
counted as (
    select v.venue, count(m.venue) as episodes, coalesce(sum(m.to_ms - m.from_ms), 0) as ms, coalesce(any_value(f.fresh_ms), 0) as fresh_ms,
           coalesce(bool_or(guessed), false) as guessed,
           coalesce(any_value(n), 0) as n, coalesce(any_value(longest_gap_ms), 0) as longest_gap_ms
    from run_venues v left join run_masked m using (venue) left join fresh f using (venue)
    left join ages using (venue) left join gaps using (venue) group by v.venue
),
classified as (select *, guessed or (not has_rest_audit and not has_lifecycle and longest_gap_ms >= 14500) as by_shape from counted, run_log_proof)
select venue as scope, 'masked.' || stat as metric, case when n > 0 then amount end as value, episodes as n,
       case when by_shape then 'estimate' else 'exact' end as bound,
       case when not by_shape then value end as low, case when not by_shape then value end as high,
       case when n = 0 then 'no apply age known' when by_shape then 'inferred from the pattern of the age alone' end as note
from classified, lateral (values ('ms', ms), ('fresh_ms', fresh_ms), ('episodes', episodes)) as s (stat, amount)
