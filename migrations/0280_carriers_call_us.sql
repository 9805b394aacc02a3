-- As Twilio (0221): each may call us where nothing is bought of it, and so without ever having been
-- asked for its prices, which is what makes a carrier's row elsewhere.
insert into carriers (key, display_name)
values ('signalwire', 'SignalWire'), ('telnyx', 'Telnyx'), ('bandwidth', 'Bandwidth')
on conflict (key) do nothing;
