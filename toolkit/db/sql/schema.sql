-- The store: one file, many runs. Base tables carry a small integer `run_key`; the public views give the run's id.
create sequence if not exists run_keys;

-- One row: the version of the toolkit's tables in this file, and the digest of their definition.
create table if not exists store_version (
    version integer not null,
    layout  varchar not null
);

create table if not exists run (
    run_key      integer not null,
    run          varchar not null,          -- start of the SHA-256 over the files' sorted digests
    label        varchar,
    kind         varchar not null,
    simulated    boolean,
    started_ms   bigint,
    ended_ms     bigint,
    requested_ms bigint,
    observed_ms  bigint,
    lives        integer not null,
    ended        varchar not null,
    semantics    varchar not null           -- of the producer's age: apply, event, mixed, or none without telemetry
);

-- All that was said of a run, as the published JSON, so that it can be said again without its files.
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
    used    bigint not null,
    other   bigint,
    copy_of varchar                          -- the file that has all lines of this one, which is then not read
);

create table if not exists set_aside_line (
    run_key integer not null,
    file_no integer not null,
    line    bigint not null,
    byte    bigint not null,
    reason  varchar not null
);

-- Lines set aside beyond the first thousand of a reason, whose places are not kept.
create table if not exists set_aside_rest (
    run_key integer not null,
    file_no integer not null,
    reason  varchar not null,
    lines   bigint not null
);

-- One telemetry record. `seq` orders the records of a run as they stand in its files.
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
    funding_update bigint,                   -- kinds of what was drained
    l2_delta bigint,
    l2_snapshot bigint,
    trade bigint,
    out_market bigint,                       -- what was left of it after coalescing
    reconcile_us bigint,
    event_drain_us bigint,
    engine_us bigint,
    submit_us bigint,
    total_us bigint,
    order_tx_pending bigint,
    pnl_realised double,
    dollar_delta_usd double,
    q_global_tao double,
    hedge_delta_h_t double,
    kf_p double,                             -- variance of the Kalman filter
    kf_x_hat double,                         -- its state: the logarithm of the fair value
    fv_short_vol double,                     -- volatilities are of log returns per tick
    fv_long_vol double,
    sigma_eff double,
    regime_ratio double,
    shadow_spread_mult double,
    shadow_size_mult double,
    -- What a record lists stays a list of it: rows of their own would be ten a tick. Null: the record has no such field.
    quote_levels struct(basis_adj_usd double, delta_final double, edge_local double, funding_adj_usd double,
                        inventory_term_usd double, size_final double, size_liq_factor double, size_margin_cap double,
                        size_raw double, venue_id varchar)[],
    orders struct("action" varchar, status varchar, venue_id varchar)[],
    fills struct(venue_id varchar)[],
    exits struct(edge_final double)[],
    hedges struct(venue_id varchar)[],
    risk_events struct(event_type varchar)[],
    reconcile_drift struct(venue_id varchar, kind varchar)[],
    stood_still_ms bigint,                   -- lateness of the tick after a standstill of the process, else 0
    injected bigint[]                        -- books put in from REST so far, by venue; null: the producer does not mark them
);

-- A step of the wall clock while the ticks go on. `at_ms` of ticks has no steps: the recorded time of a tick is its `at_ms`
-- plus the `offset_ms` of the last step at or before it.
create table if not exists clock_step (
    run_key integer not null,
    life    integer not null,
    seq     bigint not null,
    t       bigint not null,
    step_ms bigint not null,                 -- negative where the clock was set back
    offset_ms bigint not null,               -- sum of the steps up to this one
    file_no integer not null,
    line    bigint not null
);

-- One venue in one telemetry record. A negative age is a producer's "never", kept as null.
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
    has_apply_age boolean,                   -- false in a vintage whose only age is the event age
    mid_usd double,
    spread_usd double,
    depth_usd double,
    toxicity double,
    markout_ewma_usd double,                 -- per unit of the base asset
    margin_balance_usd double,
    margin_used_usd double,
    margin_available_usd double,
    dist_liq_sigma double,
    local_vol_short double,                  -- of log returns per tick
    funding_rate_8h double,
    funding_age_ms bigint,
    funding_status varchar
);

-- The venues a run was configured with, in the order of its telemetry arrays.
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
    fields  varchar,                         -- JSON
    byte    bigint                           -- where the line begins in its decompressed file
);

-- What a log's lines say of their time; `used` is false where it contradicts the others and was dropped.
create table if not exists anchor (
    run_key integer not null,
    file_no integer not null,
    line    bigint not null,
    low_ms  double not null,
    high_ms double not null,
    witness integer not null,                -- 0 this host's clock, 1 a venue's stamp, 2 what became of the book
    used    boolean not null
);

create table if not exists session (
    run_key integer not null,
    life    integer not null,
    venue   varchar not null,
    session integer not null,
    file_no integer not null,
    began_line bigint not null,
    ended_file_no integer,                   -- a later part of a rotated log may hold the end; null while it is open
    ended_line bigint,
    silent  boolean not null,                -- its end left no line; `ended_line` is the connecting line after it
    reason  varchar,
    reached varchar not null,
    began_ms bigint,
    began_error_ms bigint,                   -- how far a time may be off
    first_book_ms bigint,
    first_book_error_ms bigint,
    ended_ms bigint,
    ended_error_ms bigint,
    detail  varchar,
    lines   bigint[],
    beginning_lost boolean,                  -- it begins with the first line that tells of it
    audited boolean,                         -- an audit line states the reason of its end
    close_code integer,                      -- of the close frame that the venue sent, as the log prints it
    close_reason varchar
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
    lines   varchar,                         -- JSON: [[file, line], …]
    from_tick bigint,                        -- first and last tick `t`; null where the episode is not one of ticks
    to_tick bigint
);

create table if not exists finding (
    run_key integer not null,
    code    varchar not null,
    severity varchar not null,
    venue   varchar,
    text    varchar not null,
    figures varchar[],
    lines   varchar,
    subject varchar                          -- what the finding is about, where one venue can have several of one code
);

create or replace view runs as
    select run, label, kind, simulated, started_ms, ended_ms, requested_ms, observed_ms, lives, ended from run;
create or replace view files as
    select run, file, role, bytes, sha256, lines, used, other, copy_of from file join run using (run_key);
create or replace view set_aside as
    select run, file, line, byte, reason, 1 as lines
    from set_aside_line join file using (run_key, file_no) join run using (run_key)
    union all
    select run, file, null, null, reason, s.lines
    from set_aside_rest s join file using (run_key, file_no) join run using (run_key);
create or replace view ticks as
    select run, tick.* exclude (run_key) from tick join run using (run_key);
create or replace view clock_steps as
    select run, life, t, step_ms, offset_ms, file, line
    from clock_step join file using (run_key, file_no) join run using (run_key);
create or replace view venue_ticks as
    select run, life, t, venue_tick.at_ms, venue, status, age_apply_ms, age_event_ms, mid_usd, spread_usd, depth_usd,
           toxicity, weight_ms, seq, markout_ewma_usd, margin_balance_usd, margin_used_usd, margin_available_usd,
           dist_liq_sigma, local_vol_short, funding_rate_8h, funding_age_ms, funding_status
    from venue_tick join run using (run_key);
create or replace view log_events as
    select run, file, line, family, venue, reason, at_ms, at_error_ms, fields, life
    from log_event join file using (run_key, file_no) join run using (run_key);
create or replace view sessions as
    select run, life, venue, session, began_line, ended_line, reason, reached, began_ms, session.ended_ms,
           first_book_ms, detail, file.file, silent, began_error_ms, first_book_error_ms, ended_error_ms,
           ended_in.file as ended_file, coalesce(beginning_lost, false) as beginning_lost, audited, close_code, close_reason
    from session join file using (run_key, file_no) join run using (run_key)
    left join file ended_in on ended_in.run_key = session.run_key and ended_in.file_no = ended_file_no;
create or replace view counters as
    select run, file, line, life, venue, name, value, counter.kind
    from counter join file using (run_key, file_no) join run using (run_key);
create or replace view rx_stats as
    select run, rx_stat.* exclude (run_key, file_no), file
    from rx_stat join file using (run_key, file_no) join run using (run_key);
create or replace view figures as
    select run, figure, value, unit, n, bound, low, high, note, better from figure join run using (run_key);
create or replace view episodes as
    select run, venue, episode.kind, from_ms, to_ms, class, reason, flags, lines, from_tick, to_tick from episode join run using (run_key);
create or replace view findings as
    select run, code, severity, venue, text, figures, lines, subject from finding join run using (run_key);
