-- Money: accounts, methods, payments, the journal, tax, invoices. Amounts are minor units of the
-- currency beside them (ISO 4217 exponent); rates are NUMERIC(20,8). Nothing here cascades.

create table billing_accounts (
    id uuid primary key,
    tenant_id uuid not null unique references tenants,
    currency char(3) not null default 'USD',
    company text,
    tax_id text,
    vat_number text,
    -- {line1, line2, city, region, postal_code, country}
    billing_address jsonb not null default '{}',
    credit_limit_minor bigint not null default 0 check (credit_limit_minor >= 0),
    auto_pay boolean not null default false,
    default_payment_method_id uuid,
    billing_cycle text not null default 'monthly' check (billing_cycle in ('monthly', 'quarterly', 'annually')),
    -- the wanted day, 1 to 31; a short month bills on its last day and the wish is kept
    anchor_day smallint not null default 1 check (anchor_day between 1 and 31),
    next_billing_on date,
    processor_customers jsonb not null default '{}',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create trigger touch before update on billing_accounts for each row execute function touch_updated_at();

create table payment_methods (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    billing_account_id uuid not null references billing_accounts,
    processor text not null check (processor in ('test_card', 'stripe', 'paypal', 'bank_transfer')),
    external_id text not null,
    kind text not null check (kind in ('card', 'bank_account', 'digital_wallet')),
    last4 char(4) check (last4 ~ '^\d{4}$'),
    brand text,
    expiry_month smallint check (expiry_month between 1 and 12),
    expiry_year smallint,
    bank_name text,
    account_type text,
    is_default boolean not null default false,
    verified_at timestamptz,
    removed_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint payment_methods_external unique (processor, external_id)
);
create unique index payment_methods_one_default on payment_methods (tenant_id) where is_default and removed_at is null;
create trigger touch before update on payment_methods for each row execute function touch_updated_at();
alter table billing_accounts add constraint billing_accounts_default_method
    foreign key (default_payment_method_id) references payment_methods;

create table payments (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    billing_account_id uuid not null references billing_accounts,
    order_id uuid,
    invoice_id uuid,
    payment_method_id uuid references payment_methods,
    purpose text not null check (purpose in ('top_up', 'order', 'invoice')),
    processor text not null check (processor in ('test_card', 'stripe', 'paypal', 'bank_transfer', 'credit')),
    -- pending: at the processor's page; authorised: money set aside; succeeded: captured
    state text not null default 'pending' check (state in
        ('pending', 'authorised', 'succeeded', 'failed', 'cancelled', 'refunded', 'partially_refunded')),
    amount_minor bigint not null check (amount_minor > 0),
    captured_minor bigint not null default 0 check (captured_minor >= 0 and captured_minor <= amount_minor),
    refunded_minor bigint not null default 0 check (refunded_minor >= 0 and refunded_minor <= captured_minor),
    currency char(3) not null,
    -- made before the first call to the processor, so a retry is the same payment
    idempotency_key uuid not null unique,
    external_id text,
    external_state text,
    redirect_url text,
    description text,
    failure_code text,
    failure_reason text,
    processor_fee_minor bigint,
    processed_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint payments_external unique (processor, external_id)
);
create index payments_account_state on payments (billing_account_id, state);
create index payments_tenant on payments (tenant_id, created_at desc);
create index payments_order on payments (order_id);
create index payments_open on payments (created_at) where state in ('pending', 'authorised');
create trigger touch before update on payments for each row execute function touch_updated_at();

-- The journal: one entry is one fact, its postings sum to zero per currency. Insert only.
-- `reference` names the fact ("order:…:hold") so that telling it twice is refused.
create table journal_entries (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    reference text not null unique,
    kind text not null,
    description text not null,
    order_id uuid,
    payment_id uuid references payments,
    invoice_id uuid,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null default clock_timestamp()
);
create index journal_entries_tenant on journal_entries (tenant_id, occurred_at desc);

-- Debit positive, credit negative. Accounts of a tenant:
--   credit      what we owe the customer: prepaid balance (a credit balance is money they have)
--   held        set aside for orders in progress
--   receivable  invoiced, not yet paid
-- and of the installation, per tenant all the same so that a tenant's books balance alone:
--   processor, rental_income, setup_income, usage_income, tax_payable, promotions, adjustments
create table journal_postings (
    entry_id uuid not null references journal_entries,
    line smallint not null,
    tenant_id uuid not null references tenants,
    account text not null check (account in ('credit', 'held', 'receivable', 'processor', 'rental_income',
        'setup_income', 'usage_income', 'tax_payable', 'promotions', 'adjustments')),
    amount_minor bigint not null check (amount_minor <> 0),
    currency char(3) not null,
    primary key (entry_id, line)
);
create index journal_postings_balance on journal_postings (tenant_id, account, currency) include (amount_minor);

create function journal_entry_balances() returns trigger language plpgsql as $$
begin
    if exists (select 1 from journal_postings where entry_id = new.entry_id
               group by currency having sum(amount_minor) <> 0) then
        raise exception 'journal entry % does not balance', new.entry_id using errcode = 'check_violation',
            constraint = 'journal_entry_balances';
    end if;
    return null;
end $$;
create constraint trigger journal_entry_balances after insert on journal_postings
    deferrable initially deferred for each row execute function journal_entry_balances();

-- Tax is a table by jurisdiction and day, each row a line of its own on the invoice.
create table tax_rates (
    id uuid primary key,
    country char(2) not null,
    region text,
    jurisdiction text not null,
    name text not null,
    applies_to text[] not null default array['rental', 'setup', 'usage'],
    rate numeric(9, 8) not null check (rate >= 0 and rate < 1),
    -- a customer elsewhere in the union with a VAT number accounts for it (reverse charge)
    reverse_charge boolean not null default false,
    effective_from date not null,
    effective_to date,
    version integer not null default 1,
    constraint tax_rates_period check (effective_to is null or effective_to > effective_from)
);
create unique index tax_rates_start on tax_rates (country, coalesce(region, ''), jurisdiction, name, effective_from);

create table invoices (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    billing_account_id uuid not null references billing_accounts,
    -- gap-free, given when issued; null only while a draft
    invoice_number text unique,
    state text not null default 'draft' check (state in
        ('draft', 'sent', 'viewed', 'paid', 'partially_paid', 'overdue', 'cancelled', 'refunded')),
    -- the month billed, [start, end) in the billing zone
    period_start timestamptz not null,
    period_end timestamptz not null,
    billing_zone text not null,
    subtotal_minor bigint not null,
    tax_minor bigint not null default 0,
    discount_minor bigint not null default 0,
    total_minor bigint not null,
    paid_minor bigint not null default 0,
    currency char(3) not null,
    -- who was billed, frozen at issue
    bill_to jsonb not null,
    issued_at timestamptz,
    due_on date,
    paid_at timestamptz,
    viewed_at timestamptz,
    notes text,
    payment_terms text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint invoices_period check (period_end > period_start),
    constraint invoices_total check (total_minor = subtotal_minor - discount_minor + tax_minor),
    constraint invoices_issued_has_number check (state in ('draft', 'cancelled') or (invoice_number is not null and issued_at is not null)),
    constraint invoices_once_a_period unique (billing_account_id, period_start)
);
create index invoices_tenant on invoices (tenant_id, period_start desc);
create index invoices_due on invoices (due_on) where state in ('sent', 'viewed', 'partially_paid', 'overdue');
create trigger touch before update on invoices for each row execute function touch_updated_at();
alter table payments add constraint payments_invoice foreign key (invoice_id) references invoices;
alter table journal_entries add constraint journal_entries_invoice foreign key (invoice_id) references invoices;

create table invoice_lines (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    invoice_id uuid not null references invoices,
    position integer not null,
    kind text not null check (kind in ('rental', 'setup', 'usage', 'tax', 'discount', 'payment', 'adjustment')),
    description text not null,
    number_id uuid,
    quantity numeric(20, 8) not null,
    unit text not null,
    unit_price numeric(20, 8) not null,
    -- before rounding, so that tax is computed on the exact base
    exact_amount numeric(20, 8) not null,
    amount_minor bigint not null,
    currency char(3) not null,
    period_start timestamptz,
    period_end timestamptz,
    -- price book and version, jurisdiction and rate, order, promotion: how the line came about
    derivation jsonb not null default '{}',
    constraint invoice_lines_position unique (invoice_id, position)
);
create index invoice_lines_tenant on invoice_lines (tenant_id);

-- The next invoice number per series, locked last in the issuing transaction: no gaps.
create table invoice_series (
    series text primary key,
    next_number bigint not null check (next_number > 0)
);

call guard_by_tenant('billing_accounts', 'select, insert, update');
call guard_by_tenant('payment_methods', 'select, insert, update');
call guard_by_tenant('payments', 'select, insert, update');
call guard_by_tenant('journal_entries', 'select, insert');
call guard_by_tenant('journal_postings', 'select, insert');
call guard_by_tenant('invoices', 'select, update', 'select, insert, update');
call guard_by_tenant('invoice_lines', 'select', 'select, insert, delete');
call guard_for_platform('tax_rates');
call guard_for_platform('invoice_series', '');
