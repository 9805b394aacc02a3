-- Which servers live and ask a carrier: each says so about every second, and all of them share what
-- may be asked of it in a second. A server that says so no more gives its part up within seconds.
create table carrier_leases (
    carrier text not null check (carrier ~ '^[a-z][a-z0-9_]{1,31}$'),
    server uuid not null,
    expires_at timestamptz not null,
    primary key (carrier, server)
);
call guard_for_platform('carrier_leases', '');
