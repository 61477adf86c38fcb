-- Book faults: ticks at which the book of a venue is crossed, locked, one-sided, frozen or off the market, and their stretches.
-- A venue without a book (mid 0) has none of them. Of a one-sided book the producer keeps the last mid and spread.
create or replace view run_book_ticks as
select venue, life, seq, weight_ms, mid_usd, coalesce(age_apply_ms <= limit_ms, false) as fresh, coalesce(status = 'Healthy', false) as healthy,
       spread_usd, depth_usd
from run_venue_ticks join run_stale_limits using (venue) where mid_usd > 0;

-- Records with at least three fresh mids, so that each venue has two others to compare with. Where the lowest and the highest mid
-- are not apart by more than the limit, no venue is off the market.
create or replace table run_book_records as
select seq, list({venue: venue, mid: mid_usd, healthy: healthy}) as books, max(mid_usd) > min(mid_usd) * (1 + bps / 10000) as apart
from run_book_ticks, run_off_market_limit where fresh group by seq, bps having count(*) >= 3;

-- Records behind each figure, per venue.
create or replace table run_book_known as
with counted as (
    select venue, count(*) as books, count(spread_usd) as spreads, count(depth_usd) as depths
    from run_book_ticks group by venue
),
compared as (select b.venue, count(*) as compared, count_if(b.healthy) as healthy from (select unnest(books) as b from run_book_records) group by b.venue)
from counted left join compared using (venue);

create or replace table run_book_faults as
with compared as (
    select seq, b.venue, b.mid, list_transform(list_filter(books, lambda o: o.venue <> b.venue), lambda o: o.mid) as others
    from (select seq, books, unnest(books) as b from run_book_records where apart) where b.healthy
),
distances as (
    select seq, venue, others, list_aggregate(others, 'median') as middle, abs(mid - middle) as distance_usd, (mid - middle) / middle * 10000 as off_bps
    from compared
),
off_market as (
    -- One wrong venue moves the median of few others: a venue is off only where it is twice as far from it as they are.
    select seq, venue, off_bps from distances, run_off_market_limit where distance_usd > middle * bps / 10000
        and distance_usd > 2 * list_aggregate(list_transform(others, lambda o: abs(o - middle)), 'median')
),
-- Successive fresh ticks with the same mid. Their time runs from the first to the last of them; holes count as in every weight.
steps as (
    select venue, life, seq, weight_ms, lag(weight_ms) over same as weight_before_ms,
           lag(mid_usd) over same = mid_usd and lag(seq) over same = seq - 1 as repeated
    from run_book_ticks where fresh window same as (partition by venue, life order by seq)
),
unchanged as (
    select venue, life, min(seq) - 1 as first_seq, max(seq) as last_seq
    from (select *, seq - row_number() over (partition by venue, life order by seq) as stretch from steps where repeated)
    group by venue, life, stretch having sum(weight_before_ms) >= 5000
),
during as (select venue, first_seq, unnest(range(first_seq, last_seq + 1)) as seq from unchanged),
-- The venue's price step: the smallest change of its mid, if seen three times. A venue is not frozen while the others move by
-- less, as its mid could not show that.
changes as (
    select venue, abs(mid_usd - lag(mid_usd) over (partition by venue, life order by seq)) as change_usd
    from run_book_ticks where venue in (select venue from unchanged)
),
price_steps as (
    select venue, smallest_usd as step_usd
    from (select *, min(change_usd) over (partition by venue) as smallest_usd from changes where change_usd > 0)
    where change_usd <= 1.01 * smallest_usd group by venue, smallest_usd having count(*) >= 3
),
moved as (
    select d.venue, first_seq
    from during d left join price_steps p on p.venue = d.venue join run_venue_ticks o on o.seq = d.seq and o.venue <> d.venue and o.mid_usd > 0
    group by d.venue, first_seq, o.venue, step_usd having max(o.mid_usd) - min(o.mid_usd) > greatest(min(o.mid_usd) * 0.0005, coalesce(step_usd, 0))
),
faults as (
    select venue, seq, unnest(list_filter([if(spread_usd < 0, 'crossed', null), if(spread_usd = 0, 'locked', null), if(depth_usd = 0, 'one_sided', null)],
                                          lambda kind: kind is not null)) as kind, 0 as part, null as off_bps
    from run_book_ticks where spread_usd <= 0 or depth_usd = 0
    union all select venue, seq, 'off_market', 0, off_bps from off_market
    union all select venue, seq, 'frozen', first_seq, null
    from during semi join (select venue, first_seq from moved group by all having count(*) >= 2) using (venue, first_seq)
)
select f.*, life, weight_ms, fresh from faults f join run_book_ticks using (venue, seq);

create or replace table run_book_stretches as
with marked as (
    select *, seq - row_number() over (partition by venue, kind, part, life order by seq) as stretch from run_book_faults
)
select m.venue, kind, m.life, min(seq) as first_seq, max(seq) as last_seq, sum(m.weight_ms) as ms,
       sum(would_send_orders_count)::bigint as intents,
       sum(len(list_filter(orders, lambda o: o.venue_id = m.venue and o.status = 'intent')))::bigint as venue_intents
from marked m join run_ticks using (seq)
group by m.venue, kind, part, m.life, stretch;

-- A stretch ends at the next tick of its life, or at the last one.
insert into episode by name
select 1 as run_key, venue, if(kind = 'frozen', 'frozen_mid', kind) as kind, f.at_ms as from_ms, coalesce(n.at_ms, l.at_ms) as to_ms,
       null as class, null as reason, []::varchar[] as flags, f.t as from_tick, l.t as to_tick,
       '[[' || to_json(first_file.file) || ',' || f.line || '],[' || to_json(last_file.file) || ',' || l.line || ']]' as lines
from run_book_stretches s join run_ticks f on f.seq = first_seq join run_ticks l on l.seq = last_seq
left join run_ticks n on n.seq = last_seq + 1 and n.life = s.life
join run_files first_file on first_file.file_no = f.file_no join run_files last_file on last_file.file_no = l.file_no
order by from_ms, venue, kind;
