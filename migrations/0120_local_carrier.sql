-- The local carrier: a carrier of its own that happens to live in the same database. It has a
-- role, a schema and books; it sees nothing of VoxLink's, and VoxLink reaches it only through
-- the `Carrier` trait, like every other carrier.
do $$
begin
    begin
        create role voxlink_local_carrier nologin;
    exception when duplicate_object or unique_violation then null;
    end;
    begin
        grant voxlink_local_carrier to current_user;
    exception when others then
        if not pg_has_role(current_user, 'voxlink_local_carrier', 'member') then raise; end if;
    end;
end $$;

create schema local_carrier;

-- The catalogue. Rows are narrow because there may be ten million: what a kind of number can do
-- and costs stands in the carrier's price list, where it is follows from `place`, the key of the
-- gazetteer that is built in.
create table local_carrier.numbers (
    e164 text collate "C" primary key check (e164 ~ '^\+[1-9]\d{6,14}$'),
    country char(2) not null,
    number_type text not null,
    -- the digits after the country code, which patterns are matched against
    national text collate "C" not null,
    area_code text,
    place integer,
    state text not null default 'available' check (state in ('available', 'owned', 'aging')),
    -- a reservation: whose, under which key, until when; past its end it is void
    held_by text,
    hold_key uuid,
    held_until timestamptz,
    -- after a release: nobody but the last owner (within the undo days) may have it until then
    last_owner text,
    released_at timestamptz,
    aging_until timestamptz,
    constraint numbers_hold_complete check ((held_by is null) = (hold_key is null) and (held_by is null) = (held_until is null)),
    constraint numbers_aging_has_end check ((state = 'aging') = (aging_until is not null))
) with (fillfactor = 90);

-- Only what can be sold is ever searched.
create index numbers_order on local_carrier.numbers (country, e164) where state = 'available';
create index numbers_type on local_carrier.numbers (country, number_type, e164) where state = 'available';
create index numbers_place on local_carrier.numbers (place, e164) where state = 'available';
create index numbers_digits on local_carrier.numbers using gin (national gin_trgm_ops) where state = 'available';
create index numbers_aging on local_carrier.numbers (aging_until) where state = 'aging';
alter table local_carrier.numbers alter column national set statistics 1000;

-- Who has which number, now and formerly.
create table local_carrier.owned (
    id text primary key,
    e164 text collate "C" not null references local_carrier.numbers,
    account text not null,
    settings jsonb,
    bought_at timestamptz not null,
    released_at timestamptz
);
create unique index owned_once on local_carrier.owned (e164) where released_at is null;
create index owned_account on local_carrier.owned (account, id) where released_at is null;

-- Every purchase that was carried out, by the key the buyer gave: the same key is one purchase.
create table local_carrier.purchases (
    account text not null,
    key uuid not null,
    e164 text collate "C" not null,
    owned_id text not null references local_carrier.owned,
    made_at timestamptz not null,
    primary key (account, key)
);

-- What `generate` has made, so that a repetition costs nothing.
create table local_carrier.generated (
    seed bigint primary key,
    count bigint not null
);

-- It owns what is its own (and may therefore analyse it); nobody else has any right to it.
alter schema local_carrier owner to voxlink_local_carrier;
alter table local_carrier.numbers owner to voxlink_local_carrier;
alter table local_carrier.owned owner to voxlink_local_carrier;
alter table local_carrier.purchases owner to voxlink_local_carrier;
alter table local_carrier.generated owner to voxlink_local_carrier;
