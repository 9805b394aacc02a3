-- As Twilio (0221): SignalWire may call us where nothing is bought of it, and so without ever having
-- been asked for its prices, which is what makes a carrier's row elsewhere.
insert into carriers (key, display_name) values ('signalwire', 'SignalWire') on conflict (key) do nothing;
