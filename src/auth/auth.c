/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process's part: settings, providers, the identity thread, and whether tokens can be checked at all.
 *
 * The thread runs a loop of its own with the providers and all flows on it; keys leave it through the keyrings. All signals are blocked on
 * it, they are main's.
 * With two providers one is enough to be ready: the other one's people wait outside, but nobody else has to.
 *
 * Opened and closed by main; auth_ready() from any thread. Links hold no more than references to key sets.
 */
#include "auth/auth.h"

#include <signal.h>

#include "auth/dpop.h"
#include "auth/flows_impl.h"
#include "auth/introspection.h"
#include "auth/link.h"
#include "auth/result.h"
#include "obs/log.h"
#include "obs/metrics.h"

#define FAULT_MAX 256
/* A host name has at most 253 characters. */
#define ORIGIN_MAX 512

static bool refuse(struct buf *fault, const char *why)
{
    buf_put_text(fault, why);
    return false;
}

/* What stands on its own: where browsers find us, and the keys that seal. */
static bool read_own(struct auth *auth, const struct config *config, struct buf *fault)
{
    struct slice origin = slice_of(config->public_url), keys = slice_of(config->session_key);
    auth->public_url = config->public_url;
    if (origin.len > 0 && (origin.len > ORIGIN_MAX || !origin_allowed(origin))) {
        return refuse(fault, "AGIZO_PUBLIC_URL must be https and a host in lower case, perhaps "
                             "with a port, and without a path");
    }
    if (keys.len > 0 && !seal_read(&auth->seal, keys)) {
        return refuse(fault, "AGIZO_SESSION_KEY must be base64url of 32 bytes, or two of that with "
                             "a comma between");
    }
    return true;
}

/* With neither of the two the client is for introspection alone. With both people sign in: their browsers find back to us, and what is
 * kept of them is sealed. */
static bool can_have_client(
    const struct auth *auth, const struct provider_settings *settings, struct buf *fault)
{
    bool found = auth->public_url[0] != '\0', sealed = auth->seal.count > 0;
    if (found == sealed) return true;
    buf_printf(fault, "%s_CLIENT_ID needs AGIZO_PUBLIC_URL and AGIZO_SESSION_KEY, or neither",
        settings->prefix);
    return false;
}

static bool read_provider(
    struct auth *auth, const struct provider_settings *settings, struct buf *fault)
{
    struct provider *provider = &auth->providers[auth->provider_count];
    provider->number = auth->provider_count + 1;
    if (!provider_read(provider, settings, fault)) return false;
    if (provider->rules.issuer.len == 0) return true;
    if (auth_provider_by_issuer(auth, provider->rules.issuer)) {
        return refuse(fault, "AGIZO_OIDC2_ISSUER is the same as AGIZO_OIDC_ISSUER");
    }
    auth->provider_count++;
    return provider->client_id.len == 0 || can_have_client(auth, settings, fault);
}

static bool read_settings(struct auth *auth, const struct config *config, struct buf *fault)
{
    struct provider_settings first = provider_settings_of(config, 1);
    struct provider_settings second = provider_settings_of(config, 2);
    if (!first.issuer[0] && second.issuer[0]) {
        return refuse(fault, "AGIZO_OIDC2_ISSUER is set without AGIZO_OIDC_ISSUER");
    }
    return read_own(auth, config, fault) && read_provider(auth, &first, fault) &&
           read_provider(auth, &second, fault);
}

/* A client proves for which address it made its proof; what a request says of our address proves nothing. */
static bool open_dpop(struct auth *auth, const struct config *config, struct buf *fault)
{
    struct slice text = slice_of(config->oidc_dpop);
    bool nonces = slice_equal(text, SLICE("nonce")), on = nonces || slice_equal(text, SLICE("on"));
    if (!on && !slice_equal(text, SLICE("off"))) {
        return refuse(fault, "AGIZO_OIDC_DPOP must be off, on or nonce");
    }
    if (on && !auth->public_url[0]) {
        return refuse(fault, "AGIZO_OIDC_DPOP needs AGIZO_PUBLIC_URL");
    }
    if (on) auth->dpop = dpop_new(nonces);
    return true;
}

static void *run(void *auth)
{
    loop_run(((struct auth *)auth)->loop);
    return NULL;
}

static void start_thread(struct auth *auth)
{
    sigset_t all, before;
    sigfillset(&all);
    check(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    check(pthread_create(&auth->thread, NULL, run, auth) == 0);
    check(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    (void)pthread_setname_np(auth->thread, "identity");
}

static void open_provider(struct auth *auth, size_t index, const struct config *config)
{
    struct provider *provider = &auth->providers[index];
    provider_open(provider, auth->loop, config);
    if (!provider->introspects) return;
    auth->introspections[index] = introspection_new(auth->loop, provider);
}

static void begin_drain(struct job *job)
{
    struct auth *auth = CONTAINER_OF(job, struct auth, drain);
    timer_set(auth->loop, &auth->patience, auth->patience_ms);
}

static void lose_patience(struct timer *timer)
{
    struct auth *auth = CONTAINER_OF(timer, struct auth, patience);
    for (size_t i = 0; i < auth->provider_count; i++) {
        provider_give_up(&auth->providers[i]);
        if (auth->introspections[i]) introspection_give_up(auth->introspections[i]);
    }
}

void auth_drain(struct auth *auth, int64_t patience_ms)
{
    if (auth->provider_count == 0) return;
    auth->patience_ms = patience_ms;
    loop_post(auth->loop, &auth->drain);
}

struct auth *auth_open(const struct config *config)
{
    struct buf fault CLEANUP(buf_deinit);
    struct auth *auth = memory_zeroed(sizeof(*auth));
    buf_init(&fault, FAULT_MAX);
    if (!read_settings(auth, config, &fault) || !open_dpop(auth, config, &fault)) {
        log_write(LOG_SERVICE_FAILED, LOG_TEXT("why", buf_slice(&fault)));
        free(auth);
        return NULL;
    }
    auth->loop = loop_new();
    metrics_label("result", auth_result_text);
    auth->drain.run = begin_drain;
    timer_init(&auth->patience, lose_patience);
    for (size_t i = 0; i < auth->provider_count; i++) open_provider(auth, i, config);
    auth->flows = flows_new(auth);
    if (auth->provider_count > 0) start_thread(auth);
    return auth;
}

void auth_close(struct auth *auth)
{
    if (auth->provider_count > 0) {
        loop_stop(auth->loop);
        check(pthread_join(auth->thread, NULL) == 0);
    }
    timer_clear(&auth->patience);
    for (size_t i = 0; i < auth->provider_count; i++) provider_close(&auth->providers[i]);
    flows_free(auth->flows);
    for (size_t i = 0; i < auth->provider_count; i++) introspection_free(auth->introspections[i]);
    dpop_free(auth->dpop);
    for (size_t i = 0; i < auth->provider_count; i++) provider_deinit(&auth->providers[i]);
    loop_free(auth->loop);
    free(auth);
}

bool auth_ready(const struct auth *auth)
{
    for (size_t i = 0; i < auth->provider_count; i++) {
        if (keyring_usable(&auth->providers[i].ring)) return true;
    }
    return false;
}

struct provider *auth_provider_by_issuer(struct auth *auth, struct slice issuer)
{
    for (size_t i = 0; i < auth->provider_count; i++) {
        struct provider *provider = &auth->providers[i];
        if (slice_equal(provider->rules.issuer, issuer)) return provider;
    }
    return NULL;
}
