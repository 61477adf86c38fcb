-- title: Order intents, acknowledgements and rejects
-- unit: count
-- better: none
-- figures: run.orders.intents run.orders.intents.<action> run.orders.acks run.orders.acks.<action> run.orders.rejects:lower run.orders.rejects.<action>:lower run.orders.others <venue>.orders.intents <venue>.orders.acks <venue>.orders.rejects:lower <venue>.orders.others
-- definition[orders.intents]: Order records that are an intent.
-- definition[orders.intents.<action>]: Order records that are an intent of this action (place, replace, cancel, cancel_all).
-- definition[orders.acks]: Order records that are an acknowledgement.
-- definition[orders.acks.<action>]: Order records that are an acknowledgement of this action (place, replace, cancel, cancel_all).
-- definition[orders.rejects]: Order records that are a rejection.
-- definition[orders.rejects.<action>]: Order records that are a rejection of this action (place, replace, cancel, cancel_all).
-- definition[orders.others]: Order records that are neither an intent nor an acknowledgement nor a rejection.
-- definition: An intent and its acknowledgement are two records of one order; the producer's analyzer adds them together. A replace is acknowledged as a cancel and a place. In shadow mode the program itself acknowledges. An intent for all venues counts for the run only.
-- source: telemetry orders
with listed as (select unnest(orders, recursive := true) from run_ticks),
named as (
    select venue_id as venue, case status when 'intent' then 'intents' when 'ack' then 'acks' when 'reject' then 'rejects' else 'others' end as kind,
           case when "action" in ('place', 'replace', 'cancel', 'cancel_all') then "action" else 'other' end as action_name
    from listed
),
counted as (select venue, kind, action_name, count(*) as n from named group by all),
slots as (
    select 'run' as scope, kind, '' as action_name from (values ('intents'), ('acks'), ('rejects'), ('others')) as k (kind)
    union all select venue, kind, '' from run_venues, (values ('intents'), ('acks'), ('rejects'), ('others')) as k (kind)
    union all select 'run', kind, action_name from (values ('intents'), ('acks'), ('rejects')) as k (kind),
                                            (select unnest(['place', 'replace', 'cancel', 'cancel_all']) as action_name union select action_name from counted)
),
results as (
    select s.scope, s.kind, s.action_name, coalesce(sum(c.n), 0) as amount
    from slots s left join counted c on c.kind = s.kind and (s.scope = 'run' or c.venue = s.scope) and (s.action_name = '' or c.action_name = s.action_name)
    group by all
)
select scope, 'orders.' || kind || case when action_name = '' then '' else '.' || action_name end as metric, case when n > 0 then amount end as value, n,
       'exact' as bound, value as low, value as high, case when value is null then 'no record carries the field orders' end as note
from results, (select count(orders) as n from run_ticks)
