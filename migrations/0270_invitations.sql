-- Invitations into a company. The link's token is stored hashed; a new link replaces the old one.
-- `via` says how the link travels: one that only a letter carried proves the address, one that the
-- inviter handed over does not.
create table invitations (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    email text not null check (email = lower(email) and length(email) <= 254),
    tenant_role text not null check (tenant_role in ('owner', 'manager', 'viewer')),
    via text not null check (via in ('letter', 'link')),
    -- null until the letter's job or the link's page has made the link
    token_hash bytea unique check (length(token_hash) = 32),
    invited_by uuid not null references users,
    expires_at timestamptz not null,
    accepted_at timestamptz,
    accepted_by uuid references users,
    withdrawn_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint invitations_end_once check (accepted_at is null or withdrawn_at is null)
);
create unique index invitations_pending on invitations (tenant_id, email)
    where accepted_at is null and withdrawn_at is null;
create trigger touch before update on invitations for each row execute function touch_updated_at();
call guard_by_tenant('invitations', 'select, insert, update');
