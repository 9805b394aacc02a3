-- Who: tenants (companies), users (people), memberships, sessions, keys.

create table tenants (
    id uuid primary key,
    name text not null check (length(name) between 1 and 200),
    -- closed: anonymised on request, kept for its invoices
    state text not null default 'active' check (state in ('active', 'suspended', 'closed')),
    suspended_at timestamptz,
    suspension_reason text,
    -- what callers hear while the tenant is suspended; null plays the installation's default
    suspension_message text,
    time_zone text not null default 'UTC',
    country char(2) not null default 'US',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint tenants_suspension_has_reason
        check (state <> 'suspended' or (suspended_at is not null and suspension_reason is not null))
);
create index tenants_name on tenants using gin (name gin_trgm_ops);
create trigger touch before update on tenants for each row execute function touch_updated_at();

create table users (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    email text not null check (email = lower(email) and email ~ '^[^[:space:]@]+@[^[:space:]@]+\.[^[:space:]@]+$' and length(email) <= 254),
    password_hash text,
    full_name text not null check (length(full_name) between 1 and 200),
    phone text check (phone ~ '^\+[1-9]\d{1,14}$'),
    avatar_object text,
    time_zone text not null default 'UTC',
    language text not null default 'en',
    -- the person's standing inside the tenant
    tenant_role text not null check (tenant_role in ('owner', 'manager', 'viewer')),
    -- the person's standing above tenants
    platform_role text not null default 'user'
        check (platform_role in ('user', 'support', 'developer', 'admin', 'super_admin')),
    email_verified_at timestamptz,
    is_active boolean not null default true,
    suspended_at timestamptz,
    suspension_reason text,
    terms_accepted_at timestamptz not null,
    terms_version text not null,
    marketing_consent_at timestamptz,
    last_sign_in_at timestamptz,
    preferences jsonb not null default '{}',
    anonymised_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint users_email_unique unique (email)
);
create index users_tenant on users (tenant_id);
create index users_email_active on users (email) where is_active;
create index users_search on users using gin ((email || ' ' || full_name) gin_trgm_ops);
create index users_created on users (created_at);
create trigger touch before update on users for each row execute function touch_updated_at();

-- The browser's sessions. `token_hash` is SHA-256 of the cookie's token: a copied table signs
-- nobody in. `public_id` is what the device list shows and revokes by.
create table sessions (
    token_hash bytea primary key check (length(token_hash) = 32),
    public_id uuid not null unique,
    user_id uuid references users,
    data jsonb not null default '{}',
    remember boolean not null default false,
    device text,
    user_agent text,
    ip inet,
    created_at timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    -- idle limit, moved on by use; `absolute_expires_at` never moves
    expires_at timestamptz not null,
    absolute_expires_at timestamptz not null,
    revoked_at timestamptz
);
create index sessions_active on sessions (user_id, expires_at) where revoked_at is null;
create index sessions_expired on sessions (expires_at);

create table api_keys (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    user_id uuid not null references users,
    name text not null check (length(name) between 1 and 100),
    key_hash bytea not null unique check (length(key_hash) = 32),
    key_prefix text not null,
    permissions text[] not null default '{}',
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz,
    usage_count bigint not null default 0,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index api_keys_tenant on api_keys (tenant_id) where revoked_at is null;
create trigger touch before update on api_keys for each row execute function touch_updated_at();

-- Refresh tokens of programs: a family is one login; using a spent one revokes the family.
create table refresh_tokens (
    token_hash bytea primary key check (length(token_hash) = 32),
    tenant_id uuid not null references tenants,
    user_id uuid not null references users,
    family_id uuid not null,
    expires_at timestamptz not null,
    spent_at timestamptz,
    revoked_at timestamptz,
    created_at timestamptz not null default now()
);
create index refresh_tokens_family on refresh_tokens (family_id);

-- E-mail confirmation, password reset, invitation: stored hashed, used once.
create table one_time_tokens (
    token_hash bytea primary key check (length(token_hash) = 32),
    user_id uuid not null references users,
    purpose text not null check (purpose in ('verify_email', 'reset_password', 'invite')),
    expires_at timestamptz not null,
    used_at timestamptz,
    created_at timestamptz not null default now()
);
create index one_time_tokens_user on one_time_tokens (user_id, purpose) where used_at is null;

-- Failed sign-ins by what was typed (hashed: the address may not exist), for the back-off.
create table sign_in_failures (
    subject_hash bytea primary key check (length(subject_hash) = 32),
    failures integer not null default 0 check (failures >= 0),
    last_failure_at timestamptz not null,
    blocked_until timestamptz
);

call guard_for_platform('tenants', '');
alter table tenants enable row level security;
create policy tenant_only on tenants for all to voxlink_app using (id = current_tenant()) with check (id = current_tenant());
create policy platform on tenants for all to voxlink_platform using (true) with check (true);
grant select, update on tenants to voxlink_app;
call guard_by_tenant('users', 'select, update', 'select, insert, update');
call guard_by_tenant('api_keys', 'select, insert, update');
call guard_by_tenant('refresh_tokens', 'select, insert, update');
call guard_for_platform('sessions', '');
call guard_for_platform('one_time_tokens', '');
call guard_for_platform('sign_in_failures', '');
