/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boot order: listeners → store → auth → dispatcher → workers → admin. The end runs the other way round.
 *
 * Listeners come first, so that a taken port costs nothing. Called by main on the main thread. Owns everything it starts.
 */
#include "api/service.h"

#include <stdatomic.h>
#include <unistd.h>

#include "api/admin.h"
#include "api/callbacks.h"
#include "api/docs.h"
#include "api/routes.h"
#include "api/schemas.h"
#include "api/sign_out.h"
#include "api/worker.h"
#include "core/rate_limit.h"
#include "http/reply.h"
#include "http/server.h"
#include "net/outbound.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "sms/sms.h"

#define WORKERS_MAX 256
/* Of the time for the end: what the dispatcher and the store keep for themselves behind the workers. */
#define SETTLE_MS 2000
/* Of the workers' time: what is left for answers after nobody waits for a provider any more. */
#define ANSWER_MS 1500

struct service {
    struct api api;
    struct docs *docs;
    struct sms_composer composer;
    _Atomic(struct sms *) sms; /* the store's hooks may come before it is started */
    struct http_server *admin;
    struct worker *workers[WORKERS_MAX];
    int listen_fds[WORKERS_MAX];
    size_t worker_count;
};

static void compose(void *context, const struct customer *customer, const struct order *order,
    struct arena *arena, struct message *out)
{
    struct service *service = context;
    sms_compose(&service->composer, customer, order, arena, out);
}

static struct slice render_customer(const struct customer *row, struct arena *arena)
{
    return schema_render(customer_schema(), row, arena);
}

static struct slice render_order(const struct order *row, struct arena *arena)
{
    return schema_render(order_schema(), row, arena);
}

static void queued(void *context)
{
    struct service *service = context;
    sms_nudge(atomic_load(&service->sms));
}

static size_t count_workers(const struct config *config)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t count = config->workers ? (size_t)config->workers : (size_t)(cores > 0 ? cores : 1);
    return count < WORKERS_MAX ? count : WORKERS_MAX;
}

static bool open_listeners(struct service *service, const struct config *config)
{
    service->worker_count = count_workers(config);
    /* The first one is not shared, so that a port which something else holds is refused. */
    int probe = http_listen(config->listen, false);
    if (probe < 0) return false;
    close(probe);
    for (size_t i = 0; i < service->worker_count; i++) {
        service->listen_fds[i] = http_listen(config->listen, true);
        if (service->listen_fds[i] < 0) return false;
    }
    return true;
}

static bool open_parts(struct service *service, const struct config *config)
{
    const struct store_options options = {
        .database = config->database,
        .hooks = {service, compose, render_customer, render_order, queued},
    };
    service->api.store = store_open(&options);
    if (!service->api.store) return false;
    service->api.auth = auth_open(config);
    if (!service->api.auth) return false;
    service->api.sms = sms_open(config, service->api.store);
    atomic_store(&service->sms, service->api.sms);
    return service->api.sms != NULL;
}

static bool open_admin(struct service *service, struct loop *loop, const char *address)
{
    struct http_server_options options = {
        .table = admin_routes(), .app = &service->api, .plain_metrics = true};
    options.listen_fd = http_listen(address, false);
    if (options.listen_fd < 0) return false;
    service->admin = http_server_new(loop, &options);
    return true;
}

static bool authorities_readable(const struct config *config)
{
    if (!config->ca_file[0] || outbound_ca_readable(config->ca_file)) return true;
    log_write(LOG_SERVICE_FAILED,
        LOG_TEXT("why", SLICE("AGIZO_CA_FILE names no file with certificates in PEM")));
    return false;
}

static bool callbacks_usable(const struct config *config)
{
    if (callback_secrets_valid(config->sms_callback_secret)) return true;
    log_write(LOG_SERVICE_FAILED,
        LOG_TEXT(
            "why", SLICE("AGIZO_SMS_CALLBACK_SECRET needs one or two secrets of at least 22 of "
                         "A-Z a-z 0-9 _ -, with a comma between them")));
    return false;
}

static bool countries_named(const struct config *config, enum number_reach *out)
{
    if (number_reach_parse(slice_of(config->sms_countries), out)) return true;
    log_write(LOG_SERVICE_FAILED,
        LOG_TEXT("why", SLICE("AGIZO_SMS_COUNTRIES is neither listed nor all")));
    return false;
}

static void name_labels(void)
{
    metrics_label("route", api_route_label);
    metrics_label("status", reply_status_text);
    metrics_label("report", callback_status_text);
}

struct service *service_start(const struct config *config, struct loop *loop)
{
    struct service *service = memory_zeroed(sizeof(*service));
    service->api.config = config;
    service->composer.texts = texts_new();
    service->api.composer = &service->composer;
    service->composer.expiry_ms = config->sms_expiry * 1000;
    service->composer.parts_max = (int)config->sms_parts_max;
    service->api.logout_rate = sign_out_rate(config);
    service->api.callback_rate = callback_rate();
    service->api.docs = service->docs = docs_new(config);
    name_labels();
    if (!authorities_readable(config) || !callbacks_usable(config)) return NULL;
    if (!countries_named(config, &service->api.numbers)) return NULL;
    /* What a failed start leaves behind ends with the process. */
    if (!open_listeners(service, config) || !open_admin(service, loop, config->admin_listen))
        return NULL;
    if (!open_parts(service, config)) return NULL;
    for (size_t i = 0; i < service->worker_count; i++) {
        service->workers[i] = worker_start(&service->api, service->listen_fds[i]);
    }
    return service;
}

bool service_stop(struct service *service, int64_t grace_ms)
{
    bool clean = true;
    sms_drain(atomic_load(&service->sms)); /* its calls have as long to end as the requests */
    int64_t workers_ms = grace_ms > 2 * SETTLE_MS ? grace_ms - SETTLE_MS : grace_ms / 2;
    auth_drain(service->api.auth, workers_ms > ANSWER_MS ? workers_ms - ANSWER_MS : 0);
    for (size_t i = 0; i < service->worker_count; i++)
        worker_drain(service->workers[i], workers_ms);
    for (size_t i = 0; i < service->worker_count; i++) clean &= worker_join(service->workers[i]);
    bool closed = sms_close(atomic_exchange(&service->sms, NULL), grace_ms - workers_ms);
    if (!clean || !closed) return clean;
    auth_close(service->api.auth);
    store_close(service->api.store);
    http_server_free(service->admin);
    rate_limit_free(service->api.logout_rate);
    rate_limit_free(service->api.callback_rate);
    texts_free(service->composer.texts);
    docs_free(service->docs);
    free(service);
    return true;
}
