-- Orders and their saga; numbers owned (subscriptions), what they do (configurations), campaigns,
-- port requests.

create table orders (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    user_id uuid not null references users,
    cart_id uuid unique references carts,
    order_number text not null unique,
    state text not null default 'pending' check (state in
        ('pending', 'processing', 'completed', 'partial', 'failed', 'cancelled')),
    source text not null default 'web' check (source in ('web', 'api', 'cli', 'bulk')),
    -- what to do when not all can be had
    strategy text not null default 'best_effort' check (strategy in ('all_or_nothing', 'at_least', 'best_effort')),
    strategy_minimum integer,
    payment_kind text not null check (payment_kind in ('credit', 'card')),
    subtotal_minor bigint not null check (subtotal_minor >= 0),
    discount_minor bigint not null default 0 check (discount_minor >= 0),
    tax_minor bigint not null default 0 check (tax_minor >= 0),
    total_minor bigint not null check (total_minor >= 0),
    -- settled so far; what of the total is neither charged nor released is still held
    charged_minor bigint not null default 0 check (charged_minor >= 0),
    released_minor bigint not null default 0 check (released_minor >= 0),
    currency char(3) not null,
    promotion_code text references promotions,
    billing_address jsonb not null default '{}',
    -- a worker owns the saga until then; a dead worker's order is taken over afterwards
    lease_until timestamptz,
    lease_owner text,
    attempts integer not null default 0,
    next_attempt_at timestamptz,
    placed_at timestamptz not null,
    processing_at timestamptz,
    finished_at timestamptz,
    cancellation_reason text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint orders_total check (total_minor = subtotal_minor - discount_minor + tax_minor),
    constraint orders_settled check (charged_minor + released_minor <= total_minor)
);
create index orders_tenant_date on orders (tenant_id, created_at desc);
create index orders_state on orders (state);
create index orders_unfinished on orders (coalesce(next_attempt_at, placed_at)) where state in ('pending', 'processing');
create trigger touch before update on orders for each row execute function touch_updated_at();
alter table payments add constraint payments_order foreign key (order_id) references orders;
alter table journal_entries add constraint journal_entries_order foreign key (order_id) references orders;
alter table holds add constraint holds_order foreign key (order_id) references orders;

create table order_items (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    order_id uuid not null references orders,
    position integer not null,
    kind text not null default 'phone_number' check (kind in ('phone_number', 'service', 'adjustment')),
    description text not null,
    carrier text references carriers,
    e164 text check (e164 ~ '^\+[1-9]\d{1,14}$'),
    offer jsonb not null default '{}',
    price_book_id uuid references price_books,
    monthly_minor bigint not null default 0,
    setup_minor bigint not null default 0,
    discount_minor bigint not null default 0,
    tax_minor bigint not null default 0,
    total_minor bigint not null,
    currency char(3) not null,
    -- the saga of one number:
    --   waiting → buying (intent stored) → bought (recorded and charged) → done
    --   buying → unknown (answer lost: look it up) → bought | failed
    --   failed → released (its money is free again)
    step text not null default 'waiting' check (step in
        ('waiting', 'buying', 'unknown', 'bought', 'done', 'failed', 'released')),
    -- made before the first try, given to the carrier with every try
    purchase_key uuid not null unique,
    carrier_order_id text,
    carrier_number_id text,
    subscription_id uuid,
    failure_code text,
    failure_reason text,
    attempts integer not null default 0,
    updated_at timestamptz not null default now(),
    constraint order_items_position unique (order_id, position),
    constraint order_items_number_complete check (kind <> 'phone_number' or (carrier is not null and e164 is not null))
);
create index order_items_tenant on order_items (tenant_id);
create index order_items_e164 on order_items (e164);
create trigger touch before update on order_items for each row execute function touch_updated_at();

-- The order's timeline, as its customer reads it. Insert only.
create table order_events (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    order_id uuid not null references orders,
    order_item_id uuid references order_items,
    kind text not null,
    message text not null,
    -- carrier order ids and error codes: for administrators
    detail jsonb not null default '{}',
    actor text not null,
    occurred_at timestamptz not null
);
create index order_events_order on order_events (order_id, occurred_at);

create table campaigns (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    name text not null check (length(name) between 1 and 120),
    archived_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create unique index campaigns_name on campaigns (tenant_id, lower(name)) where archived_at is null;
create trigger touch before update on campaigns for each row execute function touch_updated_at();

-- A number a tenant has: who pays for it, since when, in which state. What the number is stands
-- in `inventory`, what it does in `number_configurations`. Public id: num_…
create table subscriptions (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    inventory_id uuid not null references inventory,
    e164 text not null check (e164 ~ '^\+[1-9]\d{1,14}$'),
    order_item_id uuid unique references order_items,
    campaign_id uuid references campaigns,
    state text not null check (state in
        ('pending', 'configuring', 'active', 'suspended', 'porting_in', 'porting_out', 'released', 'error')),
    friendly_name text check (length(friendly_name) <= 64),
    notes text check (length(notes) <= 4000),
    tags text[] not null default '{}',
    time_zone text not null,
    currency char(3) not null,
    monthly numeric(20, 8) not null check (monthly >= 0),
    setup numeric(20, 8) not null check (setup >= 0),
    inbound_minute numeric(20, 8) not null check (inbound_minute >= 0),
    increment_initial integer not null check (increment_initial > 0),
    increment_next integer not null check (increment_next > 0),
    price_book_id uuid not null references price_books,
    -- desired state at the carrier and what was last confirmed there
    desired jsonb not null default '{}',
    confirmed jsonb not null default '{}',
    published_configuration_id uuid,
    suspended_at timestamptz,
    suspension_reason text,
    suspension_message text,
    started_at timestamptz not null,
    -- asked for; undone until then, carried out afterwards
    release_requested_at timestamptz,
    release_at timestamptz,
    release_reason text,
    released_at timestamptz,
    last_used_at timestamptz,
    total_calls bigint not null default 0,
    total_messages bigint not null default 0,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint subscriptions_released_has_time check ((state = 'released') = (released_at is not null)),
    constraint subscriptions_suspended_has_reason check (state <> 'suspended' or suspension_reason is not null)
);
-- one payer at a time; a released number can be bought again
create unique index subscriptions_one_active on subscriptions (e164) where state <> 'released';
create index subscriptions_tenant_state on subscriptions (tenant_id, state, created_at desc);
create index subscriptions_tenant_created on subscriptions (tenant_id, created_at desc);
create index subscriptions_tags on subscriptions using gin (tags);
create index subscriptions_inventory on subscriptions (inventory_id);
create index subscriptions_campaign on subscriptions (campaign_id) where campaign_id is not null;
create index subscriptions_release_due on subscriptions (release_at) where released_at is null and release_at is not null;
create trigger touch before update on subscriptions for each row execute function touch_updated_at();
alter table order_items add constraint order_items_subscription foreign key (subscription_id) references subscriptions;

create table number_events (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    subscription_id uuid not null references subscriptions,
    from_state text,
    to_state text not null,
    reason text not null,
    actor text not null,
    occurred_at timestamptz not null
);
create index number_events_subscription on number_events (subscription_id, occurred_at desc);

-- What a number does, as versions. A draft may change, a published version never does; rolling
-- back publishes a copy of an old one.
create table number_configurations (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    subscription_id uuid not null references subscriptions,
    version integer not null check (version > 0),
    state text not null default 'draft' check (state in ('draft', 'published', 'superseded')),
    -- voxlink_types::routing::Plan
    plan jsonb not null,
    note text,
    created_by uuid references users,
    published_by uuid references users,
    published_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint number_configurations_version unique (subscription_id, version),
    constraint number_configurations_published_has_time check (state = 'draft' or published_at is not null)
);
create unique index number_configurations_one_published on number_configurations (subscription_id) where state = 'published';
create unique index number_configurations_one_draft on number_configurations (subscription_id) where state = 'draft';
create index number_configurations_tenant on number_configurations (tenant_id);
create trigger touch before update on number_configurations for each row execute function touch_updated_at();
alter table subscriptions add constraint subscriptions_published
    foreign key (published_configuration_id) references number_configurations;

create table port_requests (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    user_id uuid not null references users,
    direction text not null default 'in' check (direction in ('in', 'out')),
    state text not null default 'draft' check (state in ('draft', 'pending_documents', 'submitted', 'pending',
        'foc_confirmed', 'exception', 'cancel_pending', 'cancelled', 'completed', 'failed')),
    numbers text[] not null check (array_length(numbers, 1) >= 1),
    losing_carrier text,
    gaining_carrier text references carriers,
    -- account number and PIN are secrets: sealed, wiped on completion
    account_number_sealed bytea,
    pin_sealed bytea,
    authorised_name text,
    service_address jsonb,
    billing_number text,
    document_objects text[] not null default '{}',
    carrier_port_id text,
    rejection_code text,
    rejection_reason text,
    requested_foc timestamptz,
    confirmed_foc timestamptz,
    completed_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index port_requests_tenant on port_requests (tenant_id, created_at desc);
create trigger touch before update on port_requests for each row execute function touch_updated_at();

call guard_by_tenant('orders', 'select, insert, update');
call guard_by_tenant('order_items', 'select, insert, update');
call guard_by_tenant('order_events', 'select, insert');
call guard_by_tenant('campaigns', 'select, insert, update');
call guard_by_tenant('subscriptions', 'select, insert, update');
call guard_by_tenant('number_events', 'select, insert');
call guard_by_tenant('number_configurations', 'select, insert, update', 'select, insert, update');
call guard_by_tenant('port_requests', 'select, insert, update');
