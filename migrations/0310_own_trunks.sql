-- The operator's own numbers, which come by block or CSV and ring on its own trunks. As the local
-- carrier: a carrier of its own that happens to live in the same database, with a role, a schema
-- and books; VoxLink reaches it only through the `Carrier` trait.
do $$
begin
    begin
        create role voxlink_clec nologin;
    exception when duplicate_object or unique_violation then null;
    end;
    begin
        grant voxlink_clec to current_user;
    exception when others then
        if not pg_has_role(current_user, 'voxlink_clec', 'member') then raise; end if;
    end;
end $$;

create schema clec;

-- What a kind of number costs us; a kind without a row is not sold, however many numbers there are.
create table clec.rates (
    country char(2) not null,
    number_type text not null check (number_type in
        ('local', 'mobile', 'toll_free', 'national', 'international', 'premium', 'shared_cost')),
    currency char(3) not null,
    monthly numeric(20, 8) not null check (monthly >= 0),
    setup numeric(20, 8) not null check (setup >= 0),
    inbound_minute numeric(20, 8) not null check (inbound_minute >= 0),
    requirement text not null default 'none' check (requirement in
        ('none', 'any_address', 'local_address', 'foreign_address', 'documents')),
    primary key (country, number_type)
);

create table clec.numbers (
    e164 text collate "C" primary key check (e164 ~ '^\+[1-9]\d{6,14}$'),
    country char(2) not null,
    number_type text not null,
    -- the digits after the country code, which patterns are matched against
    national text collate "C" not null,
    capabilities text[] not null check (capabilities <@ array['voice', 'sms', 'mms', 'fax']),
    rate_centre text,
    lata text,
    -- which import brought it
    batch text not null,
    state text not null default 'available' check (state in ('available', 'owned', 'aging', 'withdrawn')),
    held_by text,
    hold_key uuid,
    held_until timestamptz,
    last_owner text,
    released_at timestamptz,
    aging_until timestamptz,
    constraint numbers_of_a_rate foreign key (country, number_type) references clec.rates,
    constraint numbers_hold_complete check ((held_by is null) = (hold_key is null) and (held_by is null) = (held_until is null)),
    constraint numbers_aging_has_end check ((state = 'aging') = (aging_until is not null)),
    -- 47 CFR 52.15(f)(1)(ii): at least 45 days; in hours, so that no change of clocks counts
    constraint numbers_aging_long_enough check (aging_until >= released_at + interval '1080 hours')
) with (fillfactor = 90);
create index numbers_order on clec.numbers (country, e164) where state = 'available';
create index numbers_digits on clec.numbers using gin (national gin_trgm_ops) where state = 'available';
create index numbers_aging on clec.numbers (aging_until) where state = 'aging';

create table clec.owned (
    id text primary key,
    e164 text collate "C" not null references clec.numbers,
    account text not null,
    settings jsonb,
    bought_at timestamptz not null,
    released_at timestamptz
);
create unique index owned_once on clec.owned (e164) where released_at is null;
create index owned_account on clec.owned (account, id) where released_at is null;

create table clec.purchases (
    account text not null,
    key uuid not null,
    e164 text collate "C" not null,
    owned_id text not null references clec.owned,
    made_at timestamptz not null,
    primary key (account, key)
);

alter schema clec owner to voxlink_clec;
alter table clec.rates owner to voxlink_clec;
alter table clec.numbers owner to voxlink_clec;
alter table clec.owned owner to voxlink_clec;
alter table clec.purchases owner to voxlink_clec;

insert into carriers (key, display_name) values ('clec', 'Own trunks')
on conflict (key) do nothing;

-- The SIP servers that calls come in at and that ask us what to do. Their passwords follow from the
-- installation's key, the name and the generation: none is stored.
create table sip_edges (
    id uuid primary key,
    name text not null constraint sip_edges_name_once unique check (name ~ '^[a-z][a-z0-9-]{0,30}$'),
    kind text not null check (kind in ('kamailio', 'freeswitch', 'asterisk')),
    host text not null check (length(host) between 1 and 253),
    port integer not null check (port between 1 and 65535),
    transport text not null check (transport in ('udp', 'tcp', 'tls')),
    generation integer not null default 1 check (generation > 0),
    created_at timestamptz not null,
    updated_at timestamptz not null default now()
);
create trigger touch before update on sip_edges for each row execute function touch_updated_at();
call guard_for_platform('sip_edges', '');

-- The ways to and from other carriers.
create table sip_trunks (
    id uuid primary key,
    name text not null constraint sip_trunks_name_once unique check (name ~ '^[a-z][a-z0-9-]{0,30}$'),
    host text not null check (length(host) between 1 and 253),
    port integer not null check (port between 1 and 65535),
    transport text not null check (transport in ('udp', 'tcp', 'tls')),
    carries text not null check (carries in ('inbound', 'outbound', 'both')),
    auth text not null check (auth in ('address', 'digest')),
    username text,
    -- sealed with the installation's key; never read back to a page
    password_sealed bytea,
    priority smallint not null check (priority between 1 and 1000),
    created_at timestamptz not null,
    updated_at timestamptz not null default now(),
    constraint sip_trunks_digest_whole check ((auth = 'digest') = (username is not null)
        and (auth = 'digest') = (password_sealed is not null))
);
create trigger touch before update on sip_trunks for each row execute function touch_updated_at();
call guard_for_platform('sip_trunks', '');
