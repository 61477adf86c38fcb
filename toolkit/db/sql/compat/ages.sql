-- How many records of one telemetry file have each age, per venue. Bound: $run_key, $file_no.
-- Records that share a line with another are left out: the producer's tools cannot read such a line.
-- The report takes `venue_age_ms` for the apply age whatever the vintage; ours moves it to the event age where it is one.
with producer as (
    select venue, case when has_apply_age then age_apply_ms else age_event_ms end as apply_ms,
           case when has_apply_age then age_event_ms end as event_ms
    from venue_tick v
    where run_key = $run_key and seq in (
        select seq from tick where run_key = $run_key and file_no = $file_no qualify count(*) over (partition by line) = 1
    )
),
samples as (
    select venue, 'apply' as kind, apply_ms as age_ms from producer
    union all select venue, 'event', event_ms from producer
)
select venue, kind, age_ms, count(*) as n from samples where age_ms is not null group by all order by venue, kind, age_ms
