-- SPDX-FileCopyrightText: The Agizo authors
-- SPDX-License-Identifier: Apache-2.0
--
-- wrk's requests: orders of CUSTOMERS customers, every body different, no Idempotency-Key.
-- From the environment: TOKEN (bearer), CUSTOMERS. Prints one line of JSON at the end, which bench/run reads.

local token = os.getenv("TOKEN")
local customers = tonumber(os.getenv("CUSTOMERS"))
local headers = { ["Authorization"] = "Bearer " .. token, ["Content-Type"] = "application/json" }
local count = 0

function request()
    count = count + 1
    local body = string.format('{"customer":"C%d","item":"Maize flour, bag %d","amount":"%d.%02d"}',
        count % customers, count, 100 + count % 9000, count % 100)
    return wrk.format("POST", "/v1/orders", headers, body)
end

-- `status` of the summary counts answers past 399; a run with any is no measurement.
function done(summary, latency)
    local errors = summary.errors
    io.write(string.format('{"requests":%d,"micros":%d,"p50":%d,"p99":%d,"refused":%d,"broken":%d}\n',
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), errors.status,
        errors.connect + errors.read + errors.write + errors.timeout))
end
