-- Settings that lines of the log state: of each value the place of its first line, and the number of lines.
-- A place is one number, the file number and 40 bits of the line, which is compared and sorted faster than a structure.
-- Parameter: $run_key.
-- A record that another one interrupted may be cut short, so it states nothing.
with stating(family, key) as (
    values ('startup', 'trade_mode'), ('startup', 'facts'), ('config_override', 'value'), ('config_refused', 'value'),
           ('effective_setting', 'value'), ('audit_ping_sent', 'interval_ms'), ('audit_rest_monitor', 'threshold_ms'),
           ('audit_rest_monitor', 'mode'), ('audit_arb_gate', 'threshold_ms'), ('audit_quiet_refresh', 'quiet_refresh_ms'),
           ('audit_quiet_refresh', 'transport_stale_ms'), ('rest_fallback_activated', 'threshold'),
           ('enforcer_restart', 'threshold'), ('own_fallback_activated', 'text'),
           ('ws_connecting', 'connect_timeout'), ('ws_connecting', 'readonly')
),
whole as (
    select * from log_event as this
    where run_key = $run_key and (family in (select family from stating) or family = 'audit_limits')
      and not exists (
          select 1 from log_event as later
          where later.run_key = this.run_key and later.file_no = this.file_no and later.line = this.line and later.col > this.col
      )
),
stated as (
    select family, venue, key, fields ->> key as value,
           case when family in ('config_override', 'config_refused', 'effective_setting') then fields ->> 'name' end as name,
           case when family = 'config_refused' then fields ->> 'raw' end as raw, file_no, line
    from whole join stating using (family)
    union all
    select family, venue, unnest(json_keys(fields)), unnest(list_transform(json_keys(fields), lambda key: fields ->> key)), null, null, file_no, line
    from whole where family = 'audit_limits'
)
select family, venue, key, value, name, raw, min(file_no::bigint << 40 | line) as place, count(*) as lines
from stated where value is not null group by all order by place, key, value
