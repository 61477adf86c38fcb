-- title: Time masked by REST
-- unit: ms
-- better: lower
-- figures: <venue>.masked.ms <venue>.masked.fresh_ms <venue>.masked.episodes:count
-- definition[masked.ms]: Time from the last applied book of the socket to its next one, where at least one book fetched over REST was applied between (ms); without a next one, to the last record of the life.
-- definition[masked.fresh_ms]: Part of masked.ms in which the apply age was fresh, without the first stale limit after the socket's last book (ms).
-- definition[masked.episodes]: Number of stretches whose time is masked.ms.
-- definition: Evidence of a fetched book: the REST monitor's count of injections rises; Aster applies a snapshot outside the start of a session; Hyperliquid's own fallback is active, up to the socket's next book. An activation alone is none. A stretch counts if the socket was silent for twice the venue's median time between books, and at least its stale limit. Low and high are one record to each side, and the error of the lines' times. Without such lines, ages that rise to the REST limit and fall again and again give an estimate; where nothing tells, the figures are unknown. A producer that marks the books it injects leaves them out of its ages: it masks nothing.
-- source: telemetry venue_age_ms; run log, REST monitor, fallback, snapshot and session lines
with record as (select coalesce(median(weight_ms), 0) as step_ms from run_ticks),
fresh as (
    select m.venue, sum(weight_ms) filter (t.at_ms < to_ms) as fresh_ms, sum(weight_ms) filter (t.at_ms < to_low_ms) as low_ms, sum(weight_ms) as high_ms
    from run_venue_ticks t join run_stale_limits using (venue)
    asof join run_masked m on m.venue = t.venue and m.life = t.life and t.at_ms > m.stale_from_ms
    where t.at_ms < to_high_ms and age_apply_ms <= limit_ms group by m.venue
),
stretches as (
    select venue, count(*) as episodes, sum(to_ms - from_ms) as ms, sum(to_low_ms - from_ms) as low_ms, sum(to_high_ms - from_ms) as high_ms, bool_or(guessed) as guessed
    from run_masked group by venue
),
ages as (select venue, count(*) as n from run_venue_ticks where age_apply_ms is not null group by venue),
amounts as (
    select v.venue, coalesce(n, 0) as n, coalesce(episodes, 0) as episodes, coalesce(guessed, false) as guessed, unknown, limited, step_ms * episodes as error_ms,
           coalesce(s.ms, 0) as ms, s.low_ms - error_ms as ms_low, s.high_ms + error_ms as ms_high,
           coalesce(fresh_ms, 0) as fresh, coalesce(f.low_ms, 0) - 2 * error_ms as fresh_low, least(coalesce(f.high_ms, 0) + 2 * error_ms, ms_high) as fresh_high
    from run_venues v cross join record left join run_masked_proof p on p.venue = v.venue
    left join ages a on a.venue = v.venue left join stretches s on s.venue = v.venue left join fresh f on f.venue = v.venue
)
select venue as scope, 'masked.' || stat as metric, case when n > 0 and unknown is null then amount end as value, episodes as n,
       case when guessed or limited is not null or least_amount < most then 'estimate' else 'exact' end as bound,
       case when guessed or limited is not null then null else not_below_zero(least_amount) end as low,
       case when guessed or limited is not null then null else most end as high,
       case when n = 0 then 'no apply age known' when unknown is not null then unknown when guessed then 'inferred from the pattern of the age alone'
            when limited is null and least_amount < most then 'its ends are known to one record and to the error of the lines'' times' else limited end as note
from amounts, lateral (values ('ms', ms, coalesce(ms_low, 0), coalesce(ms_high, 0)), ('fresh_ms', fresh, coalesce(fresh_low, 0), coalesce(fresh_high, 0)),
                              ('episodes', episodes, episodes, episodes)) as s (stat, amount, least_amount, most)
