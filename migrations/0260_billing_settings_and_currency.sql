-- What the seller prints beside its address: where to transfer money to, a last line, and the prefix
-- that its invoice numbers begin with. A new prefix begins a series of its own at 1.
alter table sellers
    add column bank text not null default '' check (length(bank) <= 300),
    add column footer text not null default '' check (length(footer) <= 500),
    add column invoice_prefix text not null default 'VL' check (invoice_prefix ~ '^[A-Z0-9]{1,8}$');

-- When to warn that the balance is low, and when that was done last; null for never.
alter table billing_accounts
    add column low_balance_minor bigint check (low_balance_minor > 0),
    add column low_balance_told_at timestamptz;

-- Invoices are monthly: quarters and years were a choice that nothing carried out. The next period
-- follows from the anchor day, so it is not stored.
update billing_accounts set billing_cycle = 'monthly';
alter table billing_accounts drop constraint billing_accounts_billing_cycle_check;
alter table billing_accounts add constraint billing_accounts_billing_cycle_check check (billing_cycle = 'monthly');
alter table billing_accounts drop column next_billing_on;

-- An account has one currency. What is priced in another is refused where it would come in, so
-- nothing can be left off a bill.
create function in_account_currency() returns trigger language plpgsql as $$
declare
    theirs char(3) := (select currency from billing_accounts where tenant_id = new.tenant_id);
begin
    if new.currency <> theirs then
        raise exception 'the account is billed in %, not in %', theirs, new.currency
            using errcode = 'check_violation', constraint = 'account_currency';
    end if;
    return new;
end $$;
create trigger account_currency before insert on subscriptions for each row execute function in_account_currency();
create trigger account_currency before insert on orders for each row execute function in_account_currency();
create trigger account_currency before insert on payments for each row execute function in_account_currency();
create trigger account_currency before insert on cart_items for each row execute function in_account_currency();

-- It stays that currency once there is money or a number in it.
create function account_currency_stays() returns trigger language plpgsql as $$
begin
    if new.currency <> old.currency
        and (exists (select 1 from journal_entries where tenant_id = old.tenant_id)
             or exists (select 1 from subscriptions where tenant_id = old.tenant_id)
             or exists (select 1 from orders where tenant_id = old.tenant_id)
             or exists (select 1 from payments where tenant_id = old.tenant_id)) then
        raise exception 'the currency of an account that has been used stays'
            using errcode = 'check_violation', constraint = 'account_currency_stays';
    end if;
    return new;
end $$;
create trigger currency_stays before update of currency on billing_accounts
    for each row execute function account_currency_stays();

-- The calls behind an invoice's line, in order, a page at a time.
create index usage_records_of_invoice on usage_records (invoice_id, subscription_id, occurred_at, id)
    where invoice_id is not null;
