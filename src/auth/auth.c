/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process's part: settings, the identity thread, and whether tokens can be checked at all.
 *
 * The thread runs a loop of its own with the issuer on it; keys leave it through the keyring. All signals are blocked on it, they
 * are main's.
 *
 * Opened and closed by main; auth_ready() from any thread. Links hold no more than a reference to their key set.
 */
#include "auth/auth.h"

#include <signal.h>

#include "auth/issuer.h"
#include "auth/link.h"
#include "auth/result.h"
#include "obs/log.h"
#include "obs/metrics.h"

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
    struct token_rules rules;
    const char *fault = token_rules_read(&rules, config);
    if (fault) {
        log_write(LOG_SERVICE_FAILED, LOG_TEXT("why", slice_of(fault)));
        return NULL;
    }
    struct auth *auth = memory_zeroed(sizeof(*auth));
    auth->rules = rules;
    auth->loop = loop_new();
    keyring_init(&auth->ring, auth->loop);
    metrics_label("result", auth_result_text);
    if (rules.issuer.len == 0) return auth;
    auth->issuer = issuer_new(auth->loop, &auth->ring, &auth->rules, config);
    start_thread(auth);
    return auth;
}

void auth_close(struct auth *auth)
{
    if (auth->issuer) {
        loop_stop(auth->loop);
        check(pthread_join(auth->thread, NULL) == 0);
        issuer_free(auth->issuer);
    }
    keyring_deinit(&auth->ring);
    loop_free(auth->loop);
    free(auth);
}

bool auth_ready(const struct auth *auth)
{
    return keyring_usable(&auth->ring);
}
