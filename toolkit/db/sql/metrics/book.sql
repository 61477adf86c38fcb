-- title: Books that cannot be trusted
-- unit: ms
-- better: lower
-- figures: <venue>.book.crossed.ms <venue>.book.crossed.longest_ms <venue>.book.crossed.count:count <venue>.book.crossed.intents:count <venue>.book.crossed.longest_intents:count <venue>.book.crossed.venue_intents:count <venue>.book.locked.ms <venue>.book.locked.longest_ms <venue>.book.locked.count:count <venue>.book.locked.intents:count <venue>.book.locked.longest_intents:count <venue>.book.locked.venue_intents:count <venue>.book.one_sided.ms <venue>.book.one_sided.longest_ms <venue>.book.one_sided.count:count <venue>.book.one_sided.intents:count <venue>.book.one_sided.longest_intents:count <venue>.book.one_sided.venue_intents:count <venue>.book.frozen.ms <venue>.book.frozen.longest_ms <venue>.book.frozen.count:count <venue>.book.frozen.intents:count <venue>.book.frozen.longest_intents:count <venue>.book.frozen.venue_intents:count <venue>.book.off_market.ms <venue>.book.off_market.longest_ms <venue>.book.off_market.count:count <venue>.book.off_market.intents:count <venue>.book.off_market.longest_intents:count <venue>.book.off_market.venue_intents:count <venue>.book.off_market.p50_bps:bps:none <venue>.book.off_market.max_bps:bps <venue>.book.untrusted.share:share
-- definition[book.untrusted.share]: Share of the time in which the book is fresh and any of these: crossed, locked, one-sided, frozen, off the market.
-- definition[book.off_market.p50_bps]: Median distance from the median of the other fresh mids, of the records in which the venue is off the market (positive: above the others).
-- definition[book.off_market.max_bps]: Largest distance from the median of the other fresh mids, of the records in which the venue is off the market.
-- definition[book.crossed.ms]: Total time in which the bid is above the ask (negative spread).
-- definition[book.crossed.longest_ms]: Longest stretch of successive records in which the bid is above the ask (negative spread).
-- definition[book.crossed.count]: Number of stretches of successive records in which the bid is above the ask (negative spread).
-- definition[book.crossed.intents]: Order intents of the run (would-send orders) in the records in which the bid is above the ask (negative spread).
-- definition[book.crossed.longest_intents]: Order intents of the run in the longest stretch of records in which the bid is above the ask (negative spread).
-- definition[book.crossed.venue_intents]: Order intents for this venue in the records in which the bid is above the ask (negative spread).
-- definition[book.locked.ms]: Total time in which the bid is equal to the ask (spread 0).
-- definition[book.locked.longest_ms]: Longest stretch of successive records in which the bid is equal to the ask (spread 0).
-- definition[book.locked.count]: Number of stretches of successive records in which the bid is equal to the ask (spread 0).
-- definition[book.locked.intents]: Order intents of the run (would-send orders) in the records in which the bid is equal to the ask (spread 0).
-- definition[book.locked.longest_intents]: Order intents of the run in the longest stretch of records in which the bid is equal to the ask (spread 0).
-- definition[book.locked.venue_intents]: Order intents for this venue in the records in which the bid is equal to the ask (spread 0).
-- definition[book.one_sided.ms]: Total time in which one side of the book is empty (depth 0) after a first book; mid and spread then keep their last values.
-- definition[book.one_sided.longest_ms]: Longest stretch of successive records in which one side of the book is empty (depth 0) after a first book; mid and spread then keep their last values.
-- definition[book.one_sided.count]: Number of stretches of successive records in which one side of the book is empty (depth 0) after a first book; mid and spread then keep their last values.
-- definition[book.one_sided.intents]: Order intents of the run (would-send orders) in the records in which one side of the book is empty (depth 0) after a first book; mid and spread then keep their last values.
-- definition[book.one_sided.longest_intents]: Order intents of the run in the longest stretch of records in which one side of the book is empty (depth 0) after a first book; mid and spread then keep their last values.
-- definition[book.one_sided.venue_intents]: Order intents for this venue in the records in which one side of the book is empty (depth 0) after a first book; mid and spread then keep their last values.
-- definition[book.frozen.ms]: Total time in which the book is fresh, and the mid is the same for 5 s or more while the mids of at least two other venues move by more than 5 bps and by more than the venue's own price step (the smallest change of its mid, if seen three times).
-- definition[book.frozen.longest_ms]: Longest stretch of successive records in which the book is fresh, and the mid is the same for 5 s or more while the mids of at least two other venues move by more than 5 bps and by more than the venue's own price step (the smallest change of its mid, if seen three times).
-- definition[book.frozen.count]: Number of stretches of successive records in which the book is fresh, and the mid is the same for 5 s or more while the mids of at least two other venues move by more than 5 bps and by more than the venue's own price step (the smallest change of its mid, if seen three times).
-- definition[book.frozen.intents]: Order intents of the run (would-send orders) in the records in which the book is fresh, and the mid is the same for 5 s or more while the mids of at least two other venues move by more than 5 bps and by more than the venue's own price step (the smallest change of its mid, if seen three times).
-- definition[book.frozen.longest_intents]: Order intents of the run in the longest stretch of records in which the book is fresh, and the mid is the same for 5 s or more while the mids of at least two other venues move by more than 5 bps and by more than the venue's own price step (the smallest change of its mid, if seen three times).
-- definition[book.frozen.venue_intents]: Order intents for this venue in the records in which the book is fresh, and the mid is the same for 5 s or more while the mids of at least two other venues move by more than 5 bps and by more than the venue's own price step (the smallest change of its mid, if seen three times).
-- definition[book.off_market.ms]: Total time in which the venue is fresh and Healthy, and its mid is more than a limit (10 bps, or the one requested) away from the median of the other fresh mids, of which there are at least two, and at least twice as far from it as they are.
-- definition[book.off_market.longest_ms]: Longest stretch of successive records in which the venue is fresh and Healthy, and its mid is more than a limit (10 bps, or the one requested) away from the median of the other fresh mids, of which there are at least two, and at least twice as far from it as they are.
-- definition[book.off_market.count]: Number of stretches of successive records in which the venue is fresh and Healthy, and its mid is more than a limit (10 bps, or the one requested) away from the median of the other fresh mids, of which there are at least two, and at least twice as far from it as they are.
-- definition[book.off_market.intents]: Order intents of the run (would-send orders) in the records in which the venue is fresh and Healthy, and its mid is more than a limit (10 bps, or the one requested) away from the median of the other fresh mids, of which there are at least two, and at least twice as far from it as they are.
-- definition[book.off_market.longest_intents]: Order intents of the run in the longest stretch of records in which the venue is fresh and Healthy, and its mid is more than a limit (10 bps, or the one requested) away from the median of the other fresh mids, of which there are at least two, and at least twice as far from it as they are.
-- definition[book.off_market.venue_intents]: Order intents for this venue in the records in which the venue is fresh and Healthy, and its mid is more than a limit (10 bps, or the one requested) away from the median of the other fresh mids, of which there are at least two, and at least twice as far from it as they are.
-- definition: Fresh is an apply age at or below the stale limit. A record weighs the time to the next.
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
