-- Requests for wrk: `wrk ... -s requests.lua URL -- PATH IDS KEYS uniform|zipf SEED`.
-- PATH is what stands before an id and what stands after it, with {id} between. IDS has an id a line, the most wanted
-- first; KEYS an API key a line. At the end prints one line of JSON.
local before, after, ids, keys, is_zipf

local function lines(path)
    local all = {}
    for line in io.lines(path) do
        all[#all + 1] = line
    end
    return all
end

function init(args)
    local path = args[1]
    local at = path:find("{id}", 1, true)
    before = "GET " .. path:sub(1, at - 1)
    after = path:sub(at + 4) .. " HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: "
    ids, keys = lines(args[2]), lines(args[3])
    is_zipf = args[4] == "zipf"
    math.randomseed(tonumber(args[5]))
end

function request()
    local id
    if is_zipf then
        -- Log-uniform: the nth is wanted about 1/n as often.
        id = ids[math.floor(math.exp(math.random() * math.log(#ids + 1)))] or ids[#ids]
    else
        id = ids[math.random(#ids)]
    end
    return before .. id .. after .. keys[math.random(#keys)] .. "\r\n\r\n"
end

function done(summary, latency, _)
    local errors = summary.errors
    io.write(string.format(
        '{"requests":%d,"seconds":%f,"bytes":%d,"p50_ms":%f,"p99_ms":%f,"non_2xx":%d,"socket_errors":%d}\n',
        summary.requests, summary.duration / 1e6, summary.bytes, latency:percentile(50) / 1e3,
        latency:percentile(99) / 1e3, errors.status,
        errors.connect + errors.read + errors.write + errors.timeout))
end
