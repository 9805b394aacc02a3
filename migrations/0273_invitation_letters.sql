-- Letters of invitation of the last day, for the limits by company and by address. Over all
-- companies, since one address is counted whoever writes to it: they are counted as the installation's own work.
create table invitation_letters (
    tenant_id uuid not null references tenants,
    email text not null,
    sent_at timestamptz not null
);
create index invitation_letters_tenant on invitation_letters (tenant_id);
create index invitation_letters_email on invitation_letters (email);
create index invitation_letters_sent on invitation_letters (sent_at);
call guard_by_tenant('invitation_letters', 'select', 'select, insert, delete');
