-- wrk's requests: the signed calls of the file CALLS, block FROM beginning at a part of its own.
local calls = {}
for line in io.lines(os.getenv("CALLS")) do calls[#calls + 1] = line end
local at = math.floor(#calls / 4) * tonumber(os.getenv("FROM"))
function request()
  at = at % #calls + 1
  local signature, form = calls[at]:match("^(%S+)\t(.*)$")
  return wrk.format("POST", "/callbacks/twilio/voice",
    { ["X-Twilio-Signature"] = signature, ["Content-Type"] = "application/x-www-form-urlencoded" }, form)
end
