-- Number of records of one telemetry file per venue and age. Parameters: $run_key, $file_no.
-- Records that share a line with another are excluded: the producer's tools cannot read such a line.
-- The producer's report always takes `venue_age_ms` as the apply age; the store holds it as the event age in records without
-- event ages.
with producer as (
    select v.venue, case when has_apply_age then coalesce(r.age_ms, age_apply_ms) else age_event_ms end as apply_ms,
           case when has_apply_age then age_event_ms end as event_ms
    from venue_tick v left join recorded_age r on r.seq = v.seq and r.venue = v.venue
    where run_key = $run_key and v.seq in (
        select seq from tick where run_key = $run_key and file_no = $file_no qualify count(*) over (partition by line) = 1
    )
),
samples as (
    select venue, 'apply' as kind, apply_ms as age_ms from producer
    union all select venue, 'event', event_ms from producer
)
select venue, kind, age_ms, count(*) as n from samples where age_ms is not null group by all order by venue, kind, age_ms
