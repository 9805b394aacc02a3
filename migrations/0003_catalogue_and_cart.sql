-- What can be had: the inventory (a number at a carrier), prices, holds, carts.

create table carriers (
    key text primary key check (key ~ '^[a-z][a-z0-9_]{1,31}$'),
    display_name text not null,
    state text not null default 'enabled' check (state in ('enabled', 'disabled', 'draining')),
    priority integer not null default 100,
    settings jsonb not null default '{}',
    -- sealed with the installation's key; never read back to a page
    credentials_sealed bytea,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create trigger touch before update on carriers for each row execute function touch_updated_at();

-- A number at a carrier that we have held, bought or imported. What a carrier merely offers is
-- not copied here: search asks the carrier.
create table inventory (
    id uuid primary key,
    carrier text not null references carriers,
    e164 text not null check (e164 ~ '^\+[1-9]\d{1,14}$'),
    country char(2) not null,
    number_type text not null check (number_type in
        ('local', 'mobile', 'toll_free', 'national', 'international', 'premium', 'shared_cost')),
    capabilities text[] not null default '{}' check (capabilities <@ array['voice', 'sms', 'mms', 'fax']),
    area_code text,
    locality text,
    region text,
    postal_code text,
    latitude double precision,
    longitude double precision,
    time_zone text,
    -- what the carrier calls it once it is ours; with the carrier unique
    carrier_number_id text,
    carrier_account text,
    state text not null default 'available' check (state in ('available', 'reserved', 'sold', 'aging')),
    aging_until timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint inventory_number_at_carrier unique (carrier, e164),
    constraint inventory_carrier_number_id unique (carrier, carrier_number_id),
    constraint inventory_sold_has_carrier_id check (state <> 'sold' or carrier_number_id is not null),
    constraint inventory_aging_has_end check (state <> 'aging' or aging_until is not null)
);
create index inventory_search on inventory (country, area_code, number_type, state);
create index inventory_e164 on inventory (e164);
create trigger touch before update on inventory for each row execute function touch_updated_at();

-- What a number costs and is sold for, by carrier, country and type, from a day on. Monthly and
-- set-up prices are NUMERIC like the rates: they become minor units when they are quoted.
create table price_books (
    id uuid primary key,
    carrier text not null references carriers,
    country char(2) not null,
    number_type text not null,
    currency char(3) not null,
    cost_monthly numeric(20, 8) not null check (cost_monthly >= 0),
    cost_setup numeric(20, 8) not null check (cost_setup >= 0),
    cost_inbound_minute numeric(20, 8) not null default 0 check (cost_inbound_minute >= 0),
    monthly numeric(20, 8) not null check (monthly >= 0),
    setup numeric(20, 8) not null check (setup >= 0),
    inbound_minute numeric(20, 8) not null check (inbound_minute >= 0),
    outbound_minute numeric(20, 8) not null default 0 check (outbound_minute >= 0),
    inbound_message numeric(20, 8) not null default 0 check (inbound_message >= 0),
    -- billing increments in seconds, written "60/60" or "6/6"
    increment_initial integer not null check (increment_initial > 0),
    increment_next integer not null check (increment_next > 0),
    -- what must be shown before such a number may be bought
    requirement text not null default 'none' check (requirement in ('none', 'any_address', 'local_address', 'foreign_address', 'documents')),
    requirement_note text,
    effective_from timestamptz not null,
    effective_to timestamptz,
    version integer not null default 1,
    created_at timestamptz not null default now(),
    constraint price_books_period check (effective_to is null or effective_to > effective_from),
    constraint price_books_start unique (carrier, country, number_type, effective_from)
);

create table promotions (
    code text primary key check (code = upper(code) and code ~ '^[A-Z0-9_-]{3,32}$'),
    description text not null,
    -- percent off the set-up and the first month, or an amount off the order
    percent numeric(5, 2) check (percent > 0 and percent <= 100),
    amount_minor bigint check (amount_minor > 0),
    currency char(3),
    starts_at timestamptz not null,
    ends_at timestamptz,
    max_redemptions integer,
    redemptions integer not null default 0 check (redemptions >= 0),
    constraint promotions_one_kind check ((percent is null) <> (amount_minor is null)),
    constraint promotions_amount_has_currency check (amount_minor is null or currency is not null),
    constraint promotions_not_overdrawn check (max_redemptions is null or redemptions <= max_redemptions)
);

create table carts (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    user_id uuid not null references users,
    state text not null default 'open' check (state in ('open', 'checked_out', 'abandoned')),
    promotion_code text references promotions,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create unique index carts_one_open on carts (user_id) where state = 'open';
create index carts_tenant on carts (tenant_id);
create trigger touch before update on carts for each row execute function touch_updated_at();

-- One cart at a time can want a number: the key is the number itself. A lapsed hold is taken
-- over in the same statement (`on conflict (e164) do update … where expires_at <= now`).
create table holds (
    e164 text primary key check (e164 ~ '^\+[1-9]\d{1,14}$'),
    carrier text not null references carriers,
    tenant_id uuid not null references tenants,
    cart_id uuid not null references carts,
    order_id uuid,
    -- the carrier's own reservation, where it makes them
    carrier_hold_id text,
    carrier_hold_expires_at timestamptz,
    held_at timestamptz not null default now(),
    expires_at timestamptz not null
);
create index holds_cart on holds (cart_id);
create index holds_expiry on holds (expires_at);
create index holds_tenant on holds (tenant_id);

create table cart_items (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    cart_id uuid not null references carts,
    carrier text not null references carriers,
    e164 text not null check (e164 ~ '^\+[1-9]\d{1,14}$'),
    -- the offer as it was shown: place, capabilities, price book, requirement
    offer jsonb not null,
    price_book_id uuid not null references price_books,
    monthly_minor bigint not null check (monthly_minor >= 0),
    setup_minor bigint not null check (setup_minor >= 0),
    currency char(3) not null,
    created_at timestamptz not null default now(),
    constraint cart_items_once unique (cart_id, e164)
);
create index cart_items_tenant on cart_items (tenant_id);

call guard_for_platform('carriers');
call guard_for_platform('inventory', 'select, insert, update');
call guard_for_platform('price_books');
call guard_for_platform('promotions', 'select, update');
call guard_by_tenant('carts', 'select, insert, update', 'select, insert, update, delete');
call guard_by_tenant('cart_items', 'select, insert, update, delete');

-- Every cart must see that somebody else holds a number, but only its own rows otherwise: the
-- takeover of a lapsed hold touches another tenant's row, so holds go through a function.
alter table holds enable row level security;
create policy tenant_reads on holds for select to voxlink_app using (tenant_id = current_tenant());
create policy tenant_deletes on holds for delete to voxlink_app using (tenant_id = current_tenant());
create policy tenant_updates on holds for update to voxlink_app using (tenant_id = current_tenant()) with check (tenant_id = current_tenant());
create policy platform on holds for all to voxlink_platform using (true) with check (true);
grant select, delete, update on holds to voxlink_app;
grant select, insert, update, delete on holds to voxlink_platform;

-- Takes the hold of a number for a cart, or extends the cart's own. True when the cart has it
-- now. `moment` comes from the caller's clock. Holding is for the caller's tenant only.
create function take_hold(number text, at_carrier text, for_tenant uuid, for_cart uuid, moment timestamptz, until timestamptz)
returns boolean language plpgsql security definer set search_path = public as $$
declare winner uuid;
begin
    if current_tenant() is distinct from for_tenant then
        raise exception 'a hold is taken for the tenant of the transaction' using errcode = 'insufficient_privilege';
    end if;
    insert into holds as h (e164, carrier, tenant_id, cart_id, held_at, expires_at)
    values (number, at_carrier, for_tenant, for_cart, moment, until)
    on conflict (e164) do update
        set carrier = excluded.carrier, tenant_id = excluded.tenant_id, cart_id = excluded.cart_id,
            order_id = null, carrier_hold_id = case when h.cart_id = excluded.cart_id then h.carrier_hold_id end,
            carrier_hold_expires_at = case when h.cart_id = excluded.cart_id then h.carrier_hold_expires_at end,
            held_at = excluded.held_at, expires_at = excluded.expires_at
        where (h.expires_at <= moment and h.order_id is null) or (h.cart_id = excluded.cart_id and h.order_id is null)
    returning h.cart_id into winner;
    return winner is not null;
end $$;
revoke all on function take_hold from public;
grant execute on function take_hold to voxlink_app, voxlink_platform;
