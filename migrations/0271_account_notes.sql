-- What staff write down about a customer's account. The customer's own role has no right on it.
create table account_notes (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    author_id uuid not null references users,
    text text not null check (length(text) between 1 and 4000),
    created_at timestamptz not null default now()
);
create index account_notes_tenant on account_notes (tenant_id, created_at);
alter table account_notes enable row level security;
create policy platform on account_notes for all to voxlink_platform using (true) with check (true);
grant select, insert on account_notes to voxlink_platform;
