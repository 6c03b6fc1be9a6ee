-- SPDX-FileCopyrightText: The Agizo authors
-- SPDX-License-Identifier: Apache-2.0
--
-- wrk's requests: orders of CUSTOMERS customers, every body different, no Idempotency-Key; orders read by id; list pages.
-- From the environment: TOKEN (bearer; none is sent without it), CUSTOMERS, and how many of a hundred requests are READS (of the ROWS
-- orders of bench/fill.sql, any of them) and LISTS; the others create. PATH_ONLY: this path and nothing else, whatever its answer's status.
-- Prints one line of JSON at the end, which bench/wrk.mjs reads.

local token = os.getenv("TOKEN")
local customers = tonumber(os.getenv("CUSTOMERS") or 0)
local reads = tonumber(os.getenv("READS") or 0)
local lists = tonumber(os.getenv("LISTS") or 0)
local rows = tonumber(os.getenv("ROWS") or 0)
local path_only = os.getenv("PATH_ONLY")

local bearer = token and { ["Authorization"] = "Bearer " .. token } or {}
local with_body = { ["Authorization"] = bearer["Authorization"], ["Content-Type"] = "application/json" }
local count = 0
local before_id, after_id, list, only

-- Requests that hardly differ are put together once: the generator shares its processor with what is measured.
function init()
    math.randomseed(os.time())
    before_id, after_id = wrk.format("GET", "/v1/orders/@", bearer):match("^(.-)@(.*)$")
    list = wrk.format("GET", "/v1/orders?limit=50", bearer)
    only = path_only and wrk.format("GET", path_only, bearer)
end

local function create()
    count = count + 1
    local body = string.format('{"customer":"C%d","item":"Maize flour, bag %d","amount":"%d.%02d"}',
        count % customers, count, 100 + count % 9000, count % 100)
    return wrk.format("POST", "/v1/orders", with_body, body)
end

local function read()
    return before_id .. string.format("01900000-0000-7000-8000-%012x", math.random(rows)) .. after_id
end

function request()
    if only then return only end
    if reads + lists == 0 then return create() end
    local dice = math.random(100)
    if dice <= reads then return read() end
    return dice <= reads + lists and list or create()
end

-- `status` of the summary counts answers past 399; but for PATH_ONLY a run with any is no measurement.
function done(summary, latency)
    local errors = summary.errors
    io.write(string.format('{"requests":%d,"micros":%d,"p50":%d,"p99":%d,"refused":%d,"broken":%d}\n',
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), errors.status,
        errors.connect + errors.read + errors.write + errors.timeout))
end
