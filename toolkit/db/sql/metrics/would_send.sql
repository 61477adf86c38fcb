-- title: Order intents per record
-- unit: number
-- better: none
-- figures: run.would_send.p50 run.would_send.p95 run.would_send.p99 run.would_send.max run.would_send.mean run.would_send.none.share:share:lower run.would_send.none.ticks:count:lower run.would_send.droughts:count:lower run.would_send.longest_drought_ticks:lower run.would_send.longest_drought_ms:ms:lower
-- definition[would_send.none.share]: Share of time without an order intent.
-- definition[would_send.none.ticks]: Records without an order intent.
-- definition[would_send.droughts]: Stretches of at least 20 records of a life without an order intent.
-- definition[would_send.longest_drought_ticks]: Records in the longest stretch without an order intent, of any length.
-- definition[would_send.longest_drought_ms]: Duration of the longest stretch without an order intent, of any length (ms).
-- definition[would_send.*]: Order intents per record.
-- source: telemetry would_send_orders_count
with marked as (
    select life, seq, weight_ms, would_send_orders_count as intents,
           sum((would_send_orders_count > 0)::integer) over (partition by life order by seq) as stretch
    from run_ticks where would_send_orders_count is not null
),
stretches as (select count(*) as ticks, sum(weight_ms) as ms from marked where intents = 0 group by life, stretch),
summed as (
    select coalesce(list(intents order by intents), []) as l, favg(intents) as mean, count_if(intents = 0) as none,
           coalesce(sum(weight_ms) filter (where intents = 0), 0) / sum(weight_ms) as share,
           (select coalesce(count_if(ticks >= 20), 0) from stretches) as droughts, (select coalesce(max(ticks), 0) from stretches) as longest_ticks,
           (select coalesce(max(ms), 0) from stretches) as longest_ms
    from marked
)
select 'run' as scope, 'would_send.' || stat as metric, case when len(l) > 0 then amount end as value, len(l) as n, 'exact' as bound,
       value as low, value as high, case when value is null then 'no record carries this field' end as note
from summed, lateral (values ('p50', percentile(l, 50)), ('p95', percentile(l, 95)), ('p99', percentile(l, 99)), ('max', list_max(l)), ('mean', mean),
                             ('none.share', share), ('none.ticks', none), ('droughts', droughts),
                             ('longest_drought_ticks', longest_ticks), ('longest_drought_ms', longest_ms)) as v (stat, amount)
