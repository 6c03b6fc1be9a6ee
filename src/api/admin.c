/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What operators and their machines ask: is it alive, may it get traffic, how is it doing.
 *
 * Runs on the main thread's loop; reads only what any thread may read. The admin listener is on loopback by default and asks for no
 * credentials.
 */
#include "api/admin.h"

#include "api/api.h"
#include "api/gateway.h"
#include "core/json.h"
#include "obs/metrics.h"

static const struct api *api_of(const struct req *rq)
{
    return rq->app;
}

static enum step livez(struct req *rq)
{
    buf_put_text(&rq->reply.body, "{\"status\":\"alive\"}\n");
    return req_reply(rq, 200, SLICE("application/json"));
}

static const char *word(bool good)
{
    return good ? "ok" : "unavailable";
}

/* Also the templates of messages have been read: before, no order is taken in. */
static bool database_ready(const struct api *api)
{
    return store_ready(api->store) && texts_loaded(api->composer->texts);
}

static void put_sms(struct req *rq)
{
    struct sms_status status = {0};
    struct buf *out = &rq->reply.body;
    sms_status(api_of(rq)->sms, &rq->arena, &status);
    buf_put_text(out, "\"sms\":{\"hold\":");
    json_put_text(out, sms_hold_text(status.hold));
    if (slice_present(status.why)) {
        buf_put_text(out, ",\"why\":");
        json_put_text(out, status.why);
    }
    buf_put_text(out, "}}\n");
}

/* `sms` is told, and decides nothing: orders are taken in all the same. `database`: connected and migrated, templates read; `keys`: a key set of the provider within its stale window. */
static enum step readyz(struct req *rq)
{
    bool database = database_ready(api_of(rq)), keys = auth_ready(api_of(rq)->auth);
    bool ready = database && keys;
    buf_printf(&rq->reply.body,
        "{\"status\":\"%s\",\"checks\":{\"database\":\"%s\",\"keys\":\"%s\"},",
        ready ? "ready" : "unavailable", word(database), word(keys));
    put_sms(rq);
    return req_reply(rq, ready ? 200 : 503, SLICE("application/json"));
}

static enum step metrics(struct req *rq)
{
    metrics_format(&rq->reply.body);
    return req_reply(rq, 200, SLICE("text/plain; version=0.0.4; charset=utf-8"));
}

static enum step enter(struct req *rq)
{
    return rq->route->step(rq);
}

const struct route_table *admin_routes(void)
{
    static const struct route routes[] = {
        {.method = "GET", .path = "/livez", .step = livez},
        {.method = "GET", .path = "/readyz", .step = readyz},
        {.method = "GET", .path = "/metrics", .step = metrics},
    };
    static const struct route_table table = {
        .routes = routes, .count = ARRAY_LEN(routes), .enter = enter};
    return &table;
}
