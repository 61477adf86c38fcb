create sequence if not exists run_keys;
create table if not exists run (
    run_key      integer not null,
    run          varchar not null,
    label        varchar,
    kind         varchar not null,
    simulated    boolean,
    started_ms   bigint,
    ended_ms     bigint,
    requested_ms bigint,
    observed_ms  bigint,
    lives        integer not null,
    ended        varchar not null,
    semantics    varchar not null
);
create table if not exists analysis (
    run_key integer not null,
    json    varchar not null
);
create table if not exists file (
    run_key integer not null,
    file_no integer not null,
    file    varchar not null,
    role    varchar not null,
    bytes   bigint not null,
    sha256  varchar not null,
    lines   bigint not null,
    used    bigint not null
);
create table if not exists set_aside_line (
    run_key integer not null,
    file_no integer not null,
    line    bigint not null,
    byte    bigint not null,
    reason  varchar not null
);
create table if not exists tick (
    run_key integer not null,
    seq     bigint not null,
    life    integer not null,
    t       bigint not null,
    at_ms   bigint,
    at_is_estimate boolean not null,
    weight_ms double,
    hole_ms double,
    line    bigint not null,
    file_no integer not null,
    execution_mode varchar,
    fv_available boolean,
    fair_value double,
    healthy_venues_used_count integer,
    kill_switch boolean,
    kill_reason varchar,
    risk_regime varchar,
    pnl_total double,
    would_send_orders_count integer,
    cap_hits bigint,
    drained bigint,
    reconcile_us bigint,
    event_drain_us bigint,
    engine_us bigint,
    submit_us bigint,
    total_us bigint
);
create table if not exists venue_tick (
    run_key integer not null,
    seq     bigint not null,
    life    integer not null,
    t       bigint not null,
    at_ms   bigint,
    weight_ms double,
    venue   varchar not null,
    status  varchar,
    age_apply_ms bigint,
    age_event_ms bigint,
    has_apply_age boolean,
    mid_usd double,
    spread_usd double,
    depth_usd double,
    toxicity double
);
create table if not exists venue (
    run_key     integer not null,
    venue       varchar not null,
    venue_index integer not null
);
create table if not exists log_event (
    run_key integer not null,
    file_no integer not null,
    line    bigint not null,
    col     integer not null,
    life    integer not null,
    family  varchar not null,
    venue   varchar,
    reason  varchar,
    at_ms   bigint,
    at_error_ms bigint,
    fields  varchar,
    byte    bigint
);
create table if not exists session (
    run_key integer not null,
    life    integer not null,
    venue   varchar not null,
    session integer not null,
    file_no integer not null,
    began_line bigint not null,
    ended_line bigint,
    reason  varchar,
    reached varchar not null,
    began_ms bigint,
    ended_ms bigint,
    first_book_ms bigint,
    detail  varchar,
    lines   bigint[]
);
create table if not exists counter (
    run_key integer not null,
    file_no integer not null,
    line    bigint not null,
    life    integer not null,
    venue   varchar,
    name    varchar not null,
    value   double not null,
    kind    varchar not null
);
create table if not exists rx_stat (
    run_key integer not null,
    file_no integer not null,
    line    bigint not null,
    life    integer not null,
    tick    bigint not null,
    raw_drained bigint, raw_l2_delta bigint, raw_l2_snapshot bigint, raw_trade bigint, raw_funding_update bigint,
    out_market bigint, out_l2_delta bigint, out_l2_snapshot bigint, out_trade bigint, out_funding_update bigint,
    other bigint, cap_hits bigint
);
create table if not exists figure (
    run_key integer not null,
    ord     integer not null,
    figure  varchar not null,
    value   double,
    unit    varchar not null,
    n       bigint not null,
    bound   varchar not null,
    low     double,
    high    double,
    note    varchar,
    better  varchar not null
);
create table if not exists episode (
    run_key integer not null,
    venue   varchar not null,
    kind    varchar not null,
    from_ms bigint,
    to_ms   bigint,
    class   varchar,
    reason  varchar,
    flags   varchar[],
    lines   varchar
);
create table if not exists finding (
    run_key integer not null,
    code    varchar not null,
    severity varchar not null,
    venue   varchar,
    text    varchar not null,
    figures varchar[],
    lines   varchar
);
create or replace view runs as
    select run, label, kind, simulated, started_ms, ended_ms, requested_ms, observed_ms, lives, ended from run;
create or replace view files as
    select run, file, role, bytes, sha256, lines, used from file join run using (run_key);
create or replace view set_aside as
    select run, file, line, byte, reason
    from set_aside_line join file using (run_key, file_no) join run using (run_key);
create or replace view ticks as
    select run, tick.* exclude (run_key) from tick join run using (run_key);
create or replace view venue_ticks as
    select run, life, t, venue_tick.at_ms, venue, status, age_apply_ms, age_event_ms, mid_usd, spread_usd, depth_usd,
           toxicity, weight_ms, seq
    from venue_tick join run using (run_key);
create or replace view log_events as
    select run, file, line, family, venue, reason, at_ms, at_error_ms, fields, life
    from log_event join file using (run_key, file_no) join run using (run_key);
create or replace view sessions as
    select run, life, venue, session, began_line, ended_line, reason, reached, began_ms, session.ended_ms,
           first_book_ms, detail, file.file
    from session join file using (run_key, file_no) join run using (run_key);
create or replace view counters as
    select run, file, line, life, venue, name, value, counter.kind
    from counter join file using (run_key, file_no) join run using (run_key);
create or replace view rx_stats as
    select run, rx_stat.* exclude (run_key, file_no), file
    from rx_stat join file using (run_key, file_no) join run using (run_key);
create or replace view figures as
    select run, figure, value, unit, n, bound, low, high, note, better from figure join run using (run_key);
create or replace view episodes as
    select run, venue, episode.kind, from_ms, to_ms, class, reason, flags, lines from episode join run using (run_key);
create or replace view findings as
    select run, code, severity, venue, text, figures, lines from finding join run using (run_key);
