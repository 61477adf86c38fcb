-- title: Books that cannot be trusted
-- unit: ms
-- better: lower
-- figures: <venue>.book.crossed.ms <venue>.book.crossed.longest_ms <venue>.book.crossed.count:count <venue>.book.crossed.intents:count <venue>.book.crossed.longest_intents:count <venue>.book.crossed.venue_intents:count <venue>.book.locked.ms <venue>.book.locked.longest_ms <venue>.book.locked.count:count <venue>.book.locked.intents:count <venue>.book.locked.longest_intents:count <venue>.book.locked.venue_intents:count <venue>.book.one_sided.ms <venue>.book.one_sided.longest_ms <venue>.book.one_sided.count:count <venue>.book.one_sided.intents:count <venue>.book.one_sided.longest_intents:count <venue>.book.one_sided.venue_intents:count <venue>.book.frozen.ms <venue>.book.frozen.longest_ms <venue>.book.frozen.count:count <venue>.book.frozen.intents:count <venue>.book.frozen.longest_intents:count <venue>.book.frozen.venue_intents:count <venue>.book.off_market.ms <venue>.book.off_market.longest_ms <venue>.book.off_market.count:count <venue>.book.off_market.intents:count <venue>.book.off_market.longest_intents:count <venue>.book.off_market.venue_intents:count <venue>.book.off_market.p50_bps:bps:none <venue>.book.off_market.max_bps:bps <venue>.book.untrusted.share:share
-- definition: Time in which the venue's book is wrong. crossed: the bid is above the ask (negative spread). locked: they are equal (spread 0). one_sided: one side is empty (depth 0) after a first book; mid and spread then keep their last values. frozen: fresh, and the mid the same for 5 s or more while the mids of at least two other venues move by more than 5 bps and by more than the venue's own price step (the smallest change of its mid, if seen three times). off_market: fresh and Healthy, and the mid more than a limit (10 bps, or the one requested) away from the median of the other fresh mids, of which there are at least two, and at least twice as far from it as they are. Fresh is an apply age at or below the stale limit. ms, longest_ms and count: total time, longest stretch and number of stretches of successive records. intents: order intents of the run (would-send orders) in those records; longest_intents: in the longest stretch; venue_intents: those for this venue. p50_bps and max_bps: median (positive: above the others) and largest distance of the records off the market. untrusted.share: share of the time in which the book is fresh and any of these. A record weighs the time to the next.
-- source: telemetry venue_mid_usd, venue_spread_usd, venue_depth_near_mid_usd, venue_status, venue_age_ms, would_send_orders_count, orders
with kinds (kind) as (values ('crossed'), ('locked'), ('one_sided'), ('frozen'), ('off_market')),
fields as (
    select count(v.venue) as records, coalesce(bool_or(has_apply_age), false) as has_ages, count(weight_ms) as times from run_venue_ticks v
),
carried as (select count(would_send_orders_count) as would_send, count(orders) as orders from run_ticks),
known as (
    select r.venue, kind, coalesce(case kind when 'one_sided' then depths when 'frozen' then compared when 'off_market' then healthy else spreads end, 0) as n,
           case when records = 0 then 'no telemetry' when coalesce(books, 0) = 0 then 'no record has a book of this venue'
                when times = 0 then 'no record carries a time' when kind in ('crossed', 'locked') and n = 0 then 'no record carries a spread'
                when kind = 'one_sided' and n = 0 then 'no record carries a depth' when n > 0 or kind not in ('frozen', 'off_market') then null
                when not has_ages then 'no apply age known' when coalesce(compared, 0) = 0 then 'never fresh together with two other venues'
                else 'never Healthy and fresh together with two other venues' end as why
    from run_venues r cross join kinds cross join fields left join run_book_known using (venue)
),
summed as (
    select venue, kind, sum(ms) as ms, max(ms) as longest_ms, count(*) as stretches, sum(intents) as intents,
           arg_max(intents, (ms, -first_seq)) as longest_intents, sum(venue_intents) as venue_intents
    from run_book_stretches group by venue, kind
),
limits as (select case when bps <> 10 then 'limit ' || bps || ' bps' end as stated from run_off_market_limit),
shares as (
    select r.venue, coalesce(u.ms, 0) / coalesce(whole_ms, t.ms) as share, coalesce(books, 0) as n,
           (select string_agg(kind, ', ' order by kind) from known k where k.venue = r.venue and k.why is not null) as unknown,
           case when records = 0 then 'no telemetry' when n = 0 then 'no record has a book of this venue' when not has_ages then 'no apply age known'
                when times = 0 then 'no record carries a time' when (select bool_and(why is not null) from known k where k.venue = r.venue) then 'no kind of fault is known' end as why
    from run_venues r cross join fields cross join run_apply_time left join run_book_known using (venue)
    left join (select venue, sum(weight_ms) as ms from (select distinct venue, seq, weight_ms from run_book_faults where fresh) group by venue) u using (venue)
    left join (select venue, sum(weight_ms) filter (has_apply_age) as ms from run_venue_ticks group by venue) t using (venue)
)
select k.venue as scope, 'book.' || kind || '.' || stat as metric, case when why is null and (not counts_intents or carries > 0) then coalesce(amount, 0) end as value, n,
       'exact' as bound, value as low, value as high,
       case when why is not null then why when value is null then 'no record carries ' || if(stat = 'venue_intents', 'the field orders', 'the field would_send_orders_count')
            when kind = 'off_market' then stated end as note
from known k cross join carried cross join limits left join summed using (venue, kind),
     lateral (values ('ms', ms, false, 0), ('longest_ms', longest_ms, false, 0), ('count', stretches, false, 0), ('intents', intents, true, would_send),
                     ('longest_intents', longest_intents, true, would_send), ('venue_intents', venue_intents, true, orders)) as s (stat, amount, counts_intents, carries)
union all
select k.venue, 'book.off_market.' || stat, amount, coalesce(off, 0), 'exact', amount, amount, coalesce(why, if(amount is null, 'never off the market', stated))
from known k cross join limits left join (select venue, count(off_bps) as off, median(off_bps) as p50_bps, max(abs(off_bps)) as max_bps from run_book_faults group by venue) using (venue),
     lateral (values ('p50_bps', p50_bps), ('max_bps', max_bps)) as s (stat, amount)
where kind = 'off_market'
union all
select venue, 'book.untrusted.share', case when why is null then share end, n, 'exact', if(why is null, share, null), if(why is null, share, null),
       coalesce(why, 'without the kinds that are not known: ' || unknown)
from shares
