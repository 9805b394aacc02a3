-- What the administrator's page of a carrier shows, over all servers: how requests to it went, what
-- it called back, which server leaves it alone, how it was when it was asked last. Statistics, not
-- books: nothing is rated or charged by them. None refers to `carriers`, because a carrier may be
-- asked, and may call us, before it has its row there.

-- Requests by day (UTC), operation, outcome and time taken: each server adds what it counted every
-- few seconds. A row is one bucket of the histogram, so that the bounds may change.
create table carrier_traffic (
    carrier text not null,
    day date not null,
    -- `search`, `buy`, … as the adapter calls it
    operation text not null,
    -- `ok` or the code of a `CarrierError`
    outcome text not null,
    -- took at most so many milliseconds
    within_ms integer not null check (within_ms > 0),
    requests bigint not null check (requests > 0),
    -- their sum
    took_micros bigint not null check (took_micros >= 0),
    primary key (carrier, day, operation, outcome, within_ms)
);
create index carrier_traffic_day on carrier_traffic (day);

create table carrier_callbacks (
    carrier text not null,
    day date not null,
    -- taken in, turned away (unproved or unreadable), or failed by us so that it comes again
    outcome text not null check (outcome in ('processed', 'refused', 'failed')),
    requests bigint not null check (requests > 0),
    primary key (carrier, day, outcome)
);
create index carrier_callbacks_day on carrier_callbacks (day);

-- The breaker of each running server; a row that is no longer told is of a server that ended.
create table carrier_breakers (
    server uuid not null,
    carrier text not null,
    is_open boolean not null,
    since timestamptz not null,
    told_at timestamptz not null,
    primary key (server, carrier)
);

create table carrier_health (
    carrier text primary key,
    -- `ok` or the code of a `CarrierError`
    code text not null,
    -- the carrier's own words, for administrators
    detail text not null default '',
    took_ms integer not null check (took_ms >= 0),
    asked_at timestamptz not null
);

call guard_for_platform('carrier_traffic', '');
call guard_for_platform('carrier_callbacks', '');
call guard_for_platform('carrier_breakers', '');
call guard_for_platform('carrier_health', '');
