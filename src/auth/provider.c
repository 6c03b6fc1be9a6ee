/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A provider's settings, its place on the identity loop, and signatures checked there.
 *
 *   verify → keys at hand say yes or no                                             answered in the next turn
 *   verify → unknown key, and newer keys may come → WAITING → news, or patience at its end → answered        (fails closed)
 *
 * Read and closed by auth.c on main's thread, before and after the identity loop turns; the rest on that loop's thread.
 * Whoever verifies owns its struct; waiting ones are only linked here. Limits: those of the flows, which verify one token at a time.
 */
#include "auth/provider.h"

#include "auth/issuer.h"
#include "auth/metadata.h"

/* Calls of the flows at one time; the rest wait for one of them. */
#define CONNECTIONS_MAX 16
/* A client's id and secret: what form_put_basic() takes, were every byte to be escaped. */
#define CREDENTIALS_MAX 2048
/* auth.c lets no longer origin in than half of it. */
#define REDIRECT_MAX 1024

static keyring_news_fn take_news;
static timer_fn lose_patience;

static bool refuse(struct buf *fault, const char *prefix, const char *what)
{
    buf_printf(fault, "%s_%s", prefix, what);
    return false;
}

/* Without it there is no ID token (OpenID Connect Core §3.1.2.1). */
static bool asks_for_openid(struct slice scopes)
{
    while (slice_present(scopes)) {
        if (slice_equal(slice_cut(&scopes, ' '), SLICE("openid"))) return true;
    }
    return false;
}

static bool read_pkce(
    struct provider *provider, const struct provider_settings *settings, struct buf *fault)
{
    struct slice text = slice_of(settings->pkce);
    provider->assumes_s256 = slice_equal(text, SLICE("assumed"));
    if (provider->assumes_s256 || slice_equal(text, SLICE("announced"))) return true;
    return refuse(fault, settings->prefix, "PKCE must be announced or assumed");
}

static bool read_client(
    struct provider *provider, const struct provider_settings *settings, struct buf *fault)
{
    const char *prefix = settings->prefix;
    provider->client_id = slice_of(settings->client_id);
    provider->client_secret = slice_of(settings->client_secret);
    provider->scopes = slice_of(settings->scopes);
    if (provider->client_id.len == 0) {
        if (provider->client_secret.len == 0) return true;
        return refuse(fault, prefix, "CLIENT_SECRET is set without a client's id");
    }
    if (provider->client_secret.len == 0) {
        return refuse(fault, prefix, "CLIENT_ID is set without its secret");
    }
    if (provider->rules.issuer.len == 0) {
        return refuse(fault, prefix, "CLIENT_ID is set without an issuer");
    }
    if (provider->client_id.len + provider->client_secret.len > CREDENTIALS_MAX) {
        return refuse(fault, prefix, "CLIENT_SECRET is too long");
    }
    if (!asks_for_openid(provider->scopes)) return refuse(fault, prefix, "SCOPES lacks openid");
    return true;
}

static bool read_introspection(
    struct provider *provider, const struct provider_settings *settings, struct buf *fault)
{
    struct slice text = slice_of(settings->introspection);
    provider->introspects = slice_equal(text, SLICE("on"));
    if (!provider->introspects && !slice_equal(text, SLICE("off"))) {
        return refuse(fault, settings->prefix, "INTROSPECTION must be off or on");
    }
    if (!provider->introspects || provider->client_id.len > 0) return true;
    buf_printf(fault, "%s_INTROSPECTION needs %s_CLIENT_ID", settings->prefix, settings->prefix);
    return false;
}

bool provider_read(
    struct provider *provider, const struct provider_settings *settings, struct buf *fault)
{
    return token_rules_read(&provider->rules, settings, fault) &&
           read_pkce(provider, settings, fault) && read_client(provider, settings, fault) &&
           read_introspection(provider, settings, fault);
}

static void make_redirect_uri(struct provider *provider, const char *public_url)
{
    buf_init(&provider->redirect_text, REDIRECT_MAX);
    if (provider->client_id.len == 0 || !public_url[0]) return;
    buf_printf(&provider->redirect_text, "%s/auth/callback", public_url);
    if (provider->number > 1) buf_printf(&provider->redirect_text, "/%zu", provider->number);
    check(buf_ok(&provider->redirect_text));
    provider->redirect_uri = buf_slice(&provider->redirect_text);
}

void provider_open(struct provider *provider, struct loop *loop, const struct config *config)
{
    provider->loop = loop;
    provider->ca_file = config->ca_file;
    make_redirect_uri(provider, config->public_url);
    list_init(&provider->verifying);
    timer_init(&provider->patience, lose_patience);
    keyring_init(&provider->ring, loop);
    keyring_join(&provider->ring, &provider->member, loop, take_news);
    provider->calls = outbound_new(loop, CONNECTIONS_MAX, config->ca_file);
    provider->issuer = issuer_new(loop, provider, config);
}

void provider_close(struct provider *provider)
{
    timer_clear(&provider->patience);
    outbound_free(provider->calls);
    issuer_free(provider->issuer);
    keyring_leave(&provider->member);
}

void provider_deinit(struct provider *provider)
{
    keyring_deinit(&provider->ring);
    endpoints_deinit(&provider->endpoints);
    buf_deinit(&provider->redirect_text);
}

/* --- Signatures --- */

static void inspect(struct provider *provider, struct provider_verify *verify)
{
    const struct keyset *keys = keyring_usable(&provider->ring) ? provider->member.keys : NULL;
    verify->refusal = REFUSAL_UNKNOWN_KEY;
    if (keys) verify->refusal = jws_verify(verify->jws, verify->kind, &provider->rules, keys);
}

static void conclude(struct provider *provider, struct provider_verify *verify)
{
    bool usable = keyring_usable(&provider->ring) && provider->member.keys;
    op_complete(&verify->op, usable ? ERR_OK : ERR_UNAVAILABLE);
}

void provider_verify_start(struct provider *provider, struct provider_verify *verify, op_fn *done)
{
    op_start(&verify->op, provider->loop, done);
    inspect(provider, verify);
    bool patient = verify->refusal == REFUSAL_UNKNOWN_KEY && !provider->gave_up;
    if (!patient || !keyring_await(&provider->member)) {
        conclude(provider, verify);
        return;
    }
    if (list_empty(&provider->verifying)) {
        timer_set(provider->loop, &provider->patience, VERIFY_WAIT_MS);
    }
    list_append(&provider->verifying, &verify->node);
}

/* `finally`: also those that newer keys might still help. */
static void conclude_all(struct provider *provider, bool finally)
{
    list_for_each_safe (node, &provider->verifying) {
        struct provider_verify *verify = CONTAINER_OF(node, struct provider_verify, node);
        inspect(provider, verify);
        if (verify->refusal == REFUSAL_UNKNOWN_KEY && !finally) continue;
        list_remove(node);
        conclude(provider, verify);
    }
    if (list_empty(&provider->verifying)) timer_clear(&provider->patience);
}

void provider_give_up(struct provider *provider)
{
    provider->gave_up = true;
    outbound_give_up(provider->calls);
    conclude_all(provider, true);
}

static void take_news(struct keyring_member *member, bool changed)
{
    (void)changed;
    conclude_all(CONTAINER_OF(member, struct provider, member), keyring_answered(member));
}

static void lose_patience(struct timer *timer)
{
    conclude_all(CONTAINER_OF(timer, struct provider, patience), true);
}
