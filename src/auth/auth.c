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

/* False for any other text. */
static bool read_switch(const char *text, bool *on)
{
    *on = slice_equal(slice_of(text), SLICE("on"));
    return *on || slice_equal(slice_of(text), SLICE("off"));
}

/* A client proves for which address it made its proof; what a request says of our address proves nothing. */
static bool open_dpop(struct auth *auth, const struct config *config, struct buf *fault)
{
    bool on, nonces = slice_equal(slice_of(config->oidc_dpop), SLICE("nonce"));
    if (!read_switch(config->oidc_dpop, &on) && !nonces) {
        return refuse(fault, "AGIZO_OIDC_DPOP must be off, on or nonce");
    }
    if ((on || nonces) && !auth->public_url[0]) {
        return refuse(fault, "AGIZO_OIDC_DPOP needs AGIZO_PUBLIC_URL");
    }
    if (on || nonces) auth->dpop = dpop_new(nonces);
    return true;
}

static bool read_introspection(
    const struct auth *auth, const struct config *config, bool *on, struct buf *fault)
{
    if (!read_switch(config->oidc_introspection, on)) {
        return refuse(fault, "AGIZO_OIDC_INTROSPECTION must be off or on");
    }
    if (*on && auth->providers[0].client_id.len == 0) {
        return refuse(fault, "AGIZO_OIDC_INTROSPECTION needs AGIZO_OIDC_CLIENT_ID");
    }
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

struct auth *auth_open(const struct config *config)
{
    bool introspects;
    struct buf fault CLEANUP(buf_deinit);
    struct auth *auth = memory_zeroed(sizeof(*auth));
    buf_init(&fault, FAULT_MAX);
    if (!read_settings(auth, config, &fault) ||
        !read_introspection(auth, config, &introspects, &fault) ||
        !open_dpop(auth, config, &fault)) {
        log_write(LOG_SERVICE_FAILED, LOG_TEXT("why", buf_slice(&fault)));
        free(auth);
        return NULL;
    }
    auth->loop = loop_new();
    metrics_label("result", auth_result_text);
    for (size_t i = 0; i < auth->provider_count; i++) {
        provider_open(&auth->providers[i], auth->loop, config);
    }
    if (introspects) auth->introspection = introspection_new(auth->loop, &auth->providers[0]);
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
    for (size_t i = 0; i < auth->provider_count; i++) provider_close(&auth->providers[i]);
    flows_free(auth->flows);
    introspection_free(auth->introspection);
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
