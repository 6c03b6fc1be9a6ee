/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks of a worker against a keyring that the test itself serves: cache, waiting for keys, one fetch for many, failing closed.
 *
 * Worker and identity share one loop here. A test is a list of steps; between two of them the loop turns until everything that the
 * first one caused has run.
 */
#include "auth/link.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/clock.h"
#include "token_maker.h"

#define FAR (INT64_MAX / 2)
/* An ask, news and a completion follow each other in as many turns. */
#define TURNS 4
#define CHECKS_MAX 1025

struct scene;
typedef void scene_fn(struct scene *scene);

struct scene {
    struct auth auth;
    struct auth_link *link;
    struct arena arena;
    struct job job;
    scene_fn *const *steps; /* NULL ends */
    int turns, asks;
    size_t done;
    enum err last;
    char *old_token, *new_token;
    struct auth_check checks[CHECKS_MAX];
};

static EVP_PKEY *old_key, *new_key;

static int make_keys(void **state)
{
    (void)state;
    old_key = maker_key("ED25519");
    new_key = maker_key("ED25519");
    return 0;
}

static int free_keys(void **state)
{
    (void)state;
    EVP_PKEY_free(old_key);
    EVP_PKEY_free(new_key);
    return 0;
}

static struct keyset *make_set(EVP_PKEY *key, const char *more)
{
    const char *fault;
    struct buf text;
    buf_init(&text, MAKER_MAX);
    buf_put_text(&text, "{\"keys\":[");
    maker_put_jwk(&text, key, more);
    buf_put_text(&text, "]}");
    struct keyset *keys = keyset_parse(buf_slice(&text), &fault);
    buf_deinit(&text);
    assert_non_null(keys);
    return keys;
}

static char *make_token(EVP_PKEY *key, const char *id)
{
    struct buf header, payload;
    buf_init(&header, 1024);
    buf_init(&payload, 1024);
    buf_printf(&header, "{\"typ\":\"at+jwt\",\"alg\":\"EdDSA\",\"kid\":\"%s\"}", id);
    long long now = clock_wall_ms() / 1000;
    buf_printf(&payload,
        "{\"iss\":\"https://id.example\",\"aud\":\"agizo\",\"client_id\":\"c\",\"jti\":\"j\","
        "\"sub\":\"s\",\"iat\":%lld,\"exp\":%lld}",
        now, now + 300);
    char *token = maker_token("EdDSA", key, buf_slice(&header), buf_slice(&payload));
    buf_deinit(&header);
    buf_deinit(&payload);
    return token;
}

static void take_turn(struct job *job)
{
    struct scene *scene = CONTAINER_OF(job, struct scene, job);
    if (scene->turns-- == 0) {
        scene->turns = TURNS;
        if (!*scene->steps) {
            loop_stop(scene->auth.loop);
            return;
        }
        (*scene->steps++)(scene);
    }
    loop_post(scene->auth.loop, job);
}

static void asked(void *owner)
{
    ((struct scene *)owner)->asks++;
}

/* A worker that holds the old key under the name "old". */
static void play(scene_fn *const *steps)
{
    struct scene *scene = memory_zeroed(sizeof(*scene));
    scene->auth.rules = (struct token_rules){
        .issuer = SLICE("https://id.example"),
        .audience = SLICE("agizo"),
        .roles_claim = SLICE("roles"),
        .algorithms = 1u << ALGORITHM_EDDSA,
    };
    scene->auth.loop = loop_new();
    scene->job.run = take_turn;
    scene->steps = steps;
    scene->old_token = make_token(old_key, "old");
    scene->new_token = make_token(new_key, "new");
    arena_init(&scene->arena, 1 << 20);
    keyring_init(&scene->auth.ring, scene->auth.loop);
    keyring_serve(&scene->auth.ring, asked, scene);
    keyring_publish(&scene->auth.ring, make_set(old_key, ",\"kid\":\"old\""), FAR);
    scene->link = auth_link_new(&scene->auth, scene->auth.loop);
    loop_post(scene->auth.loop, &scene->job);
    loop_run(scene->auth.loop);
    auth_link_free(scene->link);
    keyring_deinit(&scene->auth.ring);
    loop_free(scene->auth.loop);
    arena_deinit(&scene->arena);
    free(scene->old_token);
    free(scene->new_token);
    free(scene);
}

static void finished(struct op *op)
{
    struct scene *scene = op->owner;
    scene->done++;
    scene->last = op->err;
}

/* ERR_COUNT: it waits. */
static enum err start(struct scene *scene, size_t index, const char *token)
{
    struct auth_check *check = &scene->checks[index];
    check->arena = &scene->arena;
    check->token = slice_of(token);
    check->op.owner = scene;
    return auth_check_start(scene->link, check, finished) ? check->op.err : ERR_COUNT;
}

static void publish_new(struct scene *scene)
{
    keyring_publish(&scene->auth.ring, make_set(new_key, ",\"kid\":\"new\""), FAR);
    keyring_end(&scene->auth.ring);
}

static void old_passes_twice(struct scene *scene)
{
    assert_int_equal(start(scene, 0, scene->old_token), ERR_OK);
    assert_true(slice_equal(scene->checks[0].identity.subject, SLICE("s")));
    assert_int_equal(start(scene, 1, scene->old_token), ERR_OK);
    assert_true(slice_equal(scene->checks[1].identity.subject, SLICE("s")));
    assert_int_equal(start(scene, 2, "x.y.z"), ERR_INVALID_TOKEN);
    assert_int_equal(scene->asks, 0);
}

static void old_is_refused(struct scene *scene)
{
    keyring_hold_off(&scene->auth.ring, FAR);
    assert_int_equal(start(scene, 0, scene->old_token), ERR_INVALID_TOKEN);
}

static void a_removed_key_ends_cached_tokens(void **state)
{
    static scene_fn *const steps[] = {old_passes_twice, publish_new, old_is_refused, NULL};
    (void)state;
    play(steps);
}

static void many_meet_the_new_key(struct scene *scene)
{
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(start(scene, i, scene->new_token), ERR_COUNT);
    }
}

static void one_fetch_brings_it(struct scene *scene)
{
    assert_int_equal(scene->asks, 1);
    assert_int_equal(scene->done, 0);
    keyring_hold_off(&scene->auth.ring, FAR);
    keyring_begin(&scene->auth.ring);
    publish_new(scene);
}

static void all_pass(struct scene *scene)
{
    assert_int_equal(scene->done, 100);
    assert_int_equal(scene->last, ERR_OK);
    assert_true(slice_equal(scene->checks[99].identity.subject, SLICE("s")));
    assert_int_equal(start(scene, 0, scene->new_token), ERR_OK);
}

static void many_wait_for_one_fetch(void **state)
{
    static scene_fn *const steps[] = {many_meet_the_new_key, one_fetch_brings_it, all_pass, NULL};
    (void)state;
    play(steps);
}

static void a_fetch_brings_nothing(struct scene *scene)
{
    keyring_begin(&scene->auth.ring);
    keyring_hold_off(&scene->auth.ring, FAR);
    keyring_end(&scene->auth.ring);
}

static void all_are_refused(struct scene *scene)
{
    assert_int_equal(scene->done, 100);
    assert_int_equal(scene->last, ERR_INVALID_TOKEN);
    assert_int_equal(start(scene, 0, scene->new_token), ERR_INVALID_TOKEN);
    assert_int_equal(scene->asks, 1);
}

static void an_unknown_key_stays_unknown(void **state)
{
    static scene_fn *const steps[] = {
        many_meet_the_new_key, a_fetch_brings_nothing, all_are_refused, NULL};
    (void)state;
    play(steps);
}

/* The news is in the inbox, but the worker turns to a request first: it must not refuse what the news makes good. */
static void news_is_on_its_way(struct scene *scene)
{
    keyring_hold_off(&scene->auth.ring, FAR);
    publish_new(scene);
    assert_int_equal(start(scene, 0, scene->new_token), ERR_COUNT);
}

static void it_passed(struct scene *scene)
{
    assert_int_equal(scene->done, 1);
    assert_int_equal(scene->last, ERR_OK);
}

static void news_on_its_way_is_waited_for(void **state)
{
    static scene_fn *const steps[] = {news_is_on_its_way, it_passed, NULL};
    (void)state;
    play(steps);
}

static void keys_are_too_old(struct scene *scene)
{
    assert_int_equal(start(scene, 0, scene->old_token), ERR_OK);
    assert_int_equal(start(scene, 1, scene->new_token), ERR_COUNT);
    keyring_extend(&scene->auth.ring, 0);
    assert_int_equal(start(scene, 2, scene->old_token), ERR_UNAVAILABLE);
    keyring_end(&scene->auth.ring);
}

static void it_is_unavailable(struct scene *scene)
{
    assert_int_equal(scene->done, 1);
    assert_int_equal(scene->last, ERR_UNAVAILABLE);
    keyring_extend(&scene->auth.ring, FAR);
    assert_int_equal(start(scene, 2, scene->old_token), ERR_OK);
}

static void stale_keys_are_not_used(void **state)
{
    static scene_fn *const steps[] = {keys_are_too_old, it_is_unavailable, NULL};
    (void)state;
    play(steps);
}

static void too_many_wait(struct scene *scene)
{
    for (size_t i = 0; i < 1024; i++) {
        assert_int_equal(start(scene, i, scene->new_token), ERR_COUNT);
    }
    assert_int_equal(start(scene, 1024, scene->new_token), ERR_BUSY);
    assert_int_equal(start(scene, 1024, scene->old_token), ERR_OK);
    publish_new(scene);
}

static void all_are_done(struct scene *scene)
{
    assert_int_equal(scene->done, 1024);
    assert_int_equal(start(scene, 0, scene->new_token), ERR_OK);
}

static void the_number_that_waits_is_bounded(void **state)
{
    static scene_fn *const steps[] = {too_many_wait, all_are_done, NULL};
    (void)state;
    play(steps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_removed_key_ends_cached_tokens),
        cmocka_unit_test(many_wait_for_one_fetch),
        cmocka_unit_test(an_unknown_key_stays_unknown),
        cmocka_unit_test(news_on_its_way_is_waited_for),
        cmocka_unit_test(stale_keys_are_not_used),
        cmocka_unit_test(the_number_that_waits_is_bounded),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
