-- REST masking: stretches in which snapshots fetched over REST kept a venue's age low while its socket was silent.
-- A book applied after a wait of at least the REST monitor's threshold counts as fetched if the log shows an injection at
-- that time. If the log cannot show one, at least two such books in succession count.

-- Waits between applied books, per venue. Waits under 1 s are merged, unless the log has lines about fetched books.
create or replace table run_applies as
with resolution as (
    select case when count(*) > 0 then 1 else 1000 end as resolution_ms from run_all_log_events
    where family in ('audit_rest_monitor', 'rest_fallback_activated', 'own_fallback_activated')
),
applied_times as (
    select venue, life, min(at_ms - age_apply_ms) as first_ms, max(at_ms - age_apply_ms) as last_ms
    from run_venue_ticks, resolution where has_apply_age and age_apply_ms is not null group by venue, life, (at_ms - age_apply_ms) // resolution_ms
)
select venue, life, first_ms as applied_ms, lag(last_ms) over (partition by venue, life order by first_ms) as before_ms,
       applied_ms - before_ms as gap_ms
from applied_times qualify gap_ms >= (from resolution);

create or replace table run_life_ends as select life, max(at_ms) as at_ms from run_ticks group by life;

-- Evidence of fetched books from the log, per venue: the monitor's threshold, and the bounds of each time of injection.
create or replace table run_rest_evidence as
with monitor_lines as (
    select *, try_cast(coalesce(fields->>'threshold_ms', fields->>'threshold') as bigint) as threshold_ms,
           try_cast(fields->>'rest_inject_count' as bigint) as injected
    from run_all_log_events where family in ('audit_rest_monitor', 'rest_fallback_activated')
),
rises as (
    select venue, life, threshold_ms, injected > lag(injected, 1, 0) over same as injections_rose, at_ms + at_error_ms as high_ms,
           coalesce(lag(at_ms - at_error_ms) over same, at_ms - at_error_ms - 30000) as low_ms
    from monitor_lines where family = 'audit_rest_monitor' window same as (partition by venue, life order by file_no, line)
)
select venue, life, threshold_ms, low_ms, high_ms, true as counted from rises where injections_rose
union all
-- An activation alone proves no applied book: with the monitor's counts it says nothing, without them it is an estimate.
select venue, life, threshold_ms, at_ms - at_error_ms, at_ms + at_error_ms + 5000, false from monitor_lines l
where family = 'rest_fallback_activated' and not exists (from rises r where r.venue = l.venue and r.life = l.life);

create or replace table run_masked as
with limits as (
    select venue, coalesce((select max(threshold_ms) from run_rest_evidence w where w.venue = v.venue), 20000) as threshold_ms from run_venues v
),
applied as (select venue, life, at_ms - age_apply_ms as applied_ms from run_venue_ticks where has_apply_age),
-- The monitor's saw-tooth: a book of the socket, then books that each follow after the threshold, up to the first that
-- comes earlier.
late as (
    select a.*, threshold_ms, before_ms is distinct from lag(applied_ms) over (partition by a.venue, life order by applied_ms) as begins
    from run_applies a join limits using (venue) where gap_ms + 500 >= threshold_ms
),
grouped as (select *, sum(begins::int) over (partition by venue, life order by applied_ms) as stretch from late),
teeth as (
    select venue, life, stretch, min(before_ms) as from_ms, max(applied_ms) as last_ms, count(*) as teeth,
           max(gap_ms) - 11000 <= max(threshold_ms) as regular
    from grouped group by venue, life, stretch
),
monitored as (
    select t.venue, t.life, from_ms, min(a.applied_ms) as back_ms, teeth, regular,
           exists (select 1 from run_rest_evidence w where w.venue = t.venue and w.life = t.life
                   and coalesce(low_ms <= coalesce(min(a.applied_ms), from_ms + 600000) and high_ms >= from_ms, true)) as confirmed,
           exists (select 1 from run_rest_evidence w where w.venue = t.venue and w.life = t.life and counted
                   and coalesce(low_ms <= coalesce(min(a.applied_ms), from_ms + 600000) and high_ms >= from_ms, true)) as counted
    from teeth t left join applied a on a.venue = t.venue and a.life = t.life and a.applied_ms > last_ms
    group by t.venue, t.life, from_ms, last_ms, teeth, regular
),
-- The socket's own lines of its first book.
socket_books as (select venue, life, at_ms from run_all_log_events where family in ('first_decoded_top', 'ws_first_book') and at_ms is not null),
-- A connector's own fallback: from the last book before the longest wait around its activation line to the socket's first
-- book line, else to the first book after its deactivation.
switched as (
    select venue, life, at_ms, at_error_ms, family = 'own_fallback_activated' as on,
           lead(at_ms - at_error_ms) over same as off_ms, lead(family) over same = 'own_fallback_deactivated' as goes_off
    from run_all_log_events where family in ('own_fallback_activated', 'own_fallback_deactivated')
    window same as (partition by venue, life order by file_no, line)
),
waits as (
    select s.venue, s.life, s.at_ms as activated_ms, case when goes_off then off_ms end as off_ms,
           arg_max(a.before_ms, gap_ms) as from_ms, arg_max(a.applied_ms, gap_ms) as first_ms
    from switched s join run_applies a on a.venue = s.venue and a.life = s.life
     and a.before_ms <= s.at_ms + s.at_error_ms and a.applied_ms >= s.at_ms - s.at_error_ms
    where s.on group by all
),
fallen_back as (
    select w.venue, w.life, from_ms,
           least(case when off_ms is not null then min(a.applied_ms) end,
                 (select min(b.at_ms) from socket_books b where b.venue = w.venue and b.life = w.life and b.at_ms > w.activated_ms)) as back_ms
    from waits w left join applied a on a.venue = w.venue and a.life = w.life and a.applied_ms > first_ms and a.applied_ms >= off_ms
    group by w.venue, w.life, from_ms, first_ms, off_ms, activated_ms
),
-- Aster fetches snapshots until an update of its socket follows one. Those of a session that has no book yet are no masking.
snapshot_lines as (
    select venue, life, family, at_ms, file_no, line,
           count_if(family in ('ws_first_book', 'ws_connecting')) over (partition by venue, life order by file_no, line) as part
    from run_all_log_events
    where family in ('snapshot_applied', 'ws_first_book', 'ws_connecting') and at_ms is not null
      and (venue, life) in (select (venue, life) from run_all_log_events where family = 'snapshot_applied')
),
snapshot_parts as (
    select venue, life, part, arg_min(family, line) filter (family <> 'snapshot_applied') as opened_by, min(at_ms) filter (family = 'snapshot_applied') as first_ms,
           lead(min(at_ms)) over (partition by venue, life order by part) as back_ms
    from snapshot_lines group by venue, life, part
),
resynced as (
    select p.venue, p.life, max(a.applied_ms) as from_ms, back_ms
    from snapshot_parts p join applied a on a.venue = p.venue and a.life = p.life and a.applied_ms < p.first_ms
    where opened_by = 'ws_first_book' and first_ms is not null group by p.venue, p.life, part, back_ms
),
-- Without a log: Hyperliquid's own fallback starts after 15 s of silence and fetches every 2 s.
paced as (
    select *, gap_ms between 14500 and 18500 as opens, gap_ms between 1700 and 2600 as paced,
           not paced or before_ms is distinct from lag(applied_ms) over (partition by venue, life order by applied_ms) as begins
    from run_applies where venue = 'hyperliquid' and not (select has_log from run_log_proof)
),
fetched as (
    select venue, life, min(before_ms) filter (opens) as from_ms, max(applied_ms) as last_ms
    from (select *, sum(begins::int) over (partition by venue, life order by applied_ms) as stretch from paced)
    group by venue, life, stretch having bool_or(opens) and count_if(paced) >= 3
),
stretches as (
    select venue, life, from_ms, back_ms, not counted as guessed from monitored
    where confirmed or (teeth >= 2 and regular and not (select has_rest_audit or has_lifecycle from run_log_proof))
    union all select venue, life, from_ms, back_ms, false from fallen_back
    union all
    select venue, life, from_ms, back_ms, false from resynced join run_stale_limits using (venue)
    where coalesce(back_ms - from_ms > limit_ms, true)
    union all
    select f.venue, f.life, from_ms, min(a.applied_ms), true from fetched f
    left join applied a on a.venue = f.venue and a.life = f.life and a.applied_ms > last_ms group by f.venue, f.life, from_ms, last_ms
),
ended as (
    select venue, s.life, from_ms, coalesce(back_ms, e.at_ms) as to_ms, back_ms is null as open, guessed
    from stretches s join run_life_ends e using (life)
),
joined as (
    select *, sum(is_new::int) over (partition by venue, life order by from_ms) as part
    from (select *, coalesce(from_ms >= max(to_ms) over (partition by venue, life order by from_ms rows between unbounded preceding and 1 preceding), false) as is_new from ended)
)
select venue, life, min(from_ms) as from_ms, max(to_ms) as to_ms, bool_or(open) as open, bool_and(guessed) as guessed
from joined group by venue, life, part;

insert into episode by name
select 1 as run_key, venue, 'masked' as kind, from_ms, to_ms, case when guessed then 'by_shape' else 'said' end as class,
       null as reason, case when open then ['open'] else [] end as flags,
       coalesce((select to_json(list(json_array(file, line) order by e.file_no, line)) from run_all_log_events e join run_files f using (file_no)
                 where e.venue = m.venue and e.life = m.life
                   and family in ('rest_fallback_activated', 'rest_fallback_recovered', 'own_fallback_activated', 'own_fallback_deactivated')
                   and e.at_ms between from_ms - at_error_ms and to_ms + at_error_ms), '[]')::varchar as lines
from run_masked m order by from_ms, venue;
