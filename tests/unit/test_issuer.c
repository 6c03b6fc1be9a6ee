/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fetcher of keys, when it is asked too early: no fetch, and yet news, so that nobody waits. What it fetches is shown in tests/flow.
 *
 * Nothing listens at the provider's address, so that a fetch ends soon, and badly. Steps follow each other on the loop, one in each turn.
 */
#include "auth/issuer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "auth/provider.h"
#include "net/outbound.h"

#define FAR (INT64_MAX / 2)

struct scene {
    struct provider provider;
    struct job job;
    bool began; /* the first fetch, which nobody asks for */
};

static void ask_too_early(struct scene *scene)
{
    struct keyring *ring = &scene->provider.ring;
    unsigned before = atomic_load(&ring->generation);
    keyring_hold_off(ring, FAR);
    ring->on_ask(ring->owner);
    assert_false(atomic_load(&ring->fetching));
    assert_int_equal(atomic_load(&ring->generation), before + 1);
}

static void ask_in_time(struct scene *scene)
{
    struct keyring *ring = &scene->provider.ring;
    unsigned before = atomic_load(&ring->generation);
    keyring_hold_off(ring, 0);
    ring->on_ask(ring->owner);
    assert_true(atomic_load(&ring->fetching));
    ring->on_ask(ring->owner); /* the end of this fetch is its answer too */
    assert_int_equal(atomic_load(&ring->generation), before);
}

static void take_turn(struct job *job)
{
    struct scene *scene = CONTAINER_OF(job, struct scene, job);
    bool fetching = atomic_load(&scene->provider.ring.fetching);
    scene->began = scene->began || fetching;
    if (!scene->began || fetching) {
        loop_post(scene->provider.loop, job);
        return;
    }
    ask_too_early(scene);
    ask_in_time(scene);
    loop_stop(scene->provider.loop);
}

static void fetches_only_when_it_may(void **state)
{
    const struct config config = {
        .public_url = "http://localhost", .oidc_refresh = 300, .oidc_stale = 300};
    struct scene *scene = memory_zeroed(sizeof(*scene));
    struct loop *loop = loop_new();
    (void)state;
    scene->provider.number = 1;
    scene->provider.rules.issuer = SLICE("http://127.0.0.1:1");
    provider_open(&scene->provider, loop, &config);
    scene->job.run = take_turn;
    loop_post(loop, &scene->job);
    loop_run(loop);
    provider_close(&scene->provider);
    provider_deinit(&scene->provider);
    loop_free(loop);
    free(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fetches_only_when_it_may),
    };
    outbound_global_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
