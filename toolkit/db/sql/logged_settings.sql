-- Settings that lines of the log state: of each value the place of its first line, and the number of lines.
-- A place is one number, the file number and 40 bits of the line, which is compared and sorted faster than a structure.
-- A start-up line may state another value in each of millions of lives: of a setting that it states once, values after
-- the first $most are one row without a value, which comes last.
-- Parameters: $run_key, the places of the $torn lines, the form of the parts of a start-up line that state a $single value,
-- and the beginning of the part that states $several.
with stating(family, key) as (
    values ('startup', 'trade_mode'), ('config_override', 'value'), ('config_refused', 'value'),
           ('effective_setting', 'value'), ('audit_ping_sent', 'interval_ms'), ('audit_rest_monitor', 'threshold_ms'),
           ('audit_rest_monitor', 'mode'), ('audit_arb_gate', 'threshold_ms'), ('audit_quiet_refresh', 'quiet_refresh_ms'),
           ('audit_quiet_refresh', 'transport_stale_ms'), ('rest_fallback_activated', 'threshold'),
           ('enforcer_restart', 'threshold'), ('own_fallback_activated', 'text'),
           ('ws_connecting', 'connect_timeout'), ('ws_connecting', 'readonly')
),
-- A record that another one interrupted may be cut short, so it states nothing.
whole as not materialized (
    select *, file_no::bigint << 40 | line as place from log_event as this
    where run_key = $run_key and (family in (select family from stating) or family = 'audit_limits')
      and place not in (select unnest($torn::bigint[]))
      and not exists (
          select 1 from log_event as later
          where later.run_key = this.run_key and later.file_no = this.file_no and later.line = this.line and later.col > this.col
      )
),
fact as not materialized (
    select place, generate_subscripts(facts, 1) as number, unnest(facts) as fact
    from (select place, string_split(fields ->> 'facts', ' | ') as facts from whole where family = 'startup')
),
listed as (
    select split_part(fact, '=', 1) as key, min_by(this, place, $most) as first, sum(lines)::bigint as lines
    from (
        select fact, min(place) as place, min_by(number, place) as number, count(*) as lines from fact
        where regexp_full_match(fact, $single) and length(fact) - instr(fact, '=') <= 200 group by fact
    ) as this
    group by key
),
stated as (
    select family, venue, key, fields ->> key as value,
           case when family in ('config_override', 'config_refused', 'effective_setting') then fields ->> 'name' end as name,
           case when family = 'config_refused' then fields ->> 'raw' end as raw, place, null as number
    from whole join stating using (family)
    union all
    select family, venue, unnest(json_keys(fields)), unnest(list_transform(json_keys(fields), lambda key: fields ->> key)), null, null, place, null
    from whole where family = 'audit_limits'
    union all
    select 'startup', null, split_part(fact, '=', 1), fact[instr(fact, '=') + 1:], null, null, place, number from fact
    where starts_with(fact, $several)
)
select family, venue, key, value, name, raw, min(place) as place, min_by(number, place) as number, count(*) as lines
from stated where value is not null group by all
union all
select 'startup', null, key, fact[length(key) + 2:], null, null, place, number, lines
from (select key, unnest(first, recursive := true) from listed)
union all
select 'startup', null, key, null, null, null, null, null, lines - list_sum(list_transform(first, lambda each: each.lines)) as further
from listed where further > 0
order by place nulls last, number nulls last, key, value
