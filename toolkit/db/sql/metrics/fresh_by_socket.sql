-- title: Fresh time from the socket
-- unit: share
-- better: higher
-- figures: <venue>.fresh_by_socket.share
-- definition: Share of time with a fresh apply age that a book from the socket gave: fresh.share without the time that books fetched over REST masked (masked.fresh_ms), over the records with apply ages. Low and high come from those of masked.fresh_ms.
-- source: telemetry venue_age_ms; run log, REST monitor, fallback, snapshot and session lines
with ticks as (
    select v.venue, t.seq, t.weight_ms, has_apply_age, coalesce(age_apply_ms <= limit_ms, false) as fresh,
           coalesce(t.at_ms < to_ms, false) as masked, coalesce(t.at_ms < to_low_ms, false) as surely, coalesce(t.at_ms < to_high_ms, false) as perhaps
    from run_venues v join run_stale_limits using (venue) left join run_venue_ticks t using (venue)
    asof left join run_masked m on m.venue = v.venue and m.life = t.life and t.at_ms > m.stale_from_ms
),
shares as (
    select t.venue, bool_or(has_apply_age) as has_age, bool_and(has_apply_age) as only_ages, count(seq) as records, count(*) filter (has_apply_age) as n,
           coalesce(any_value(whole_ms), sum(weight_ms) filter (has_apply_age)) as time_ms,
           case when has_age then coalesce(sum(weight_ms) filter (fresh and not masked), 0) / time_ms end as share,
           coalesce(sum(weight_ms) filter (fresh and not perhaps), 0) / time_ms as share_low, coalesce(sum(weight_ms) filter (fresh and not surely), 0) / time_ms as share_high
    from ticks t cross join run_apply_time group by t.venue
),
errors as (
    select venue, bool_or(guessed) as guessed, 2 * count(*) * (select median(weight_ms) from run_ticks) as error_ms from run_masked group by venue
)
select venue as scope, 'fresh_by_socket.share' as metric, case when unknown is null then share end as value, n,
       case when guessed is not null or limited is not null then 'estimate' else 'exact' end as bound,
       case when guessed or limited is not null then null when error_ms > 0 then greatest(share_low - error_ms / time_ms, 0) else value end as low,
       case when guessed or limited is not null then null when error_ms > 0 then least(share_high + error_ms / time_ms, 1) else value end as high,
       nullif(concat_ws('; ', case when share is null and records = 0 then 'no telemetry' when share is null and has_age then 'no record carries a time'
            when share is null then 'this telemetry version records event ages only' when unknown is not null then unknown
            when guessed then 'masking inferred from the pattern of the age alone' when limited is not null then limited end,
            case when share is not null and not only_ages then 'only over the records with apply ages; the other records have event ages only' end), '') as note
from shares left join run_masked_proof using (venue) left join errors using (venue)
