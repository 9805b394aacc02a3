-- Calls and messages name the carrier that told of them. Twilio may call us without ever having
-- been asked for its prices, which is what makes a carrier's row elsewhere: its calls were answered
-- and then could not be recorded.
insert into carriers (key, display_name) values ('twilio', 'Twilio') on conflict (key) do nothing;
