//! Money: journal, payments, tax, usage, invoices.
