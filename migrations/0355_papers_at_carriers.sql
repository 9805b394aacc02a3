-- Papers that were left with a carrier for a kind of number of a country, by the carrier's own ids:
-- they go with every purchase of such a number. A number that needs papers is not sold without, where
-- its carrier takes some. It does not refer to `carriers`, because a carrier is configured before it
-- has its row there.
create table carrier_papers (
    carrier text not null check (carrier ~ '^[a-z][a-z0-9_]{1,31}$'),
    country char(2) not null check (country ~ '^[A-Z]{2}$'),
    number_type text not null check (number_type in
        ('local', 'mobile', 'toll_free', 'national', 'international', 'premium', 'shared_cost')),
    address text,
    -- approved documents: a bundle, a requirement group
    bundle text,
    identity text,
    emergency_address text,
    created_at timestamptz not null,
    updated_at timestamptz not null default now(),
    primary key (carrier, country, number_type),
    -- the others only go with one of these
    constraint carrier_papers_show_something check (address is not null or bundle is not null)
);
create trigger touch before update on carrier_papers for each row execute function touch_updated_at();
call guard_for_platform('carrier_papers', '');
-- A tenant's work asks whether there are some, never which.
grant select (carrier, country, number_type) on carrier_papers to voxlink_app;
