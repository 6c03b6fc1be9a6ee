/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks of a worker against keyrings that the test itself serves: cache, waiting for keys, one fetch for many, failing closed, and two
 * issuers beside each other.
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
    int turns, asks, other_asks;
    size_t done;
    enum err last;
    char *old_token, *new_token, *other_token;
    struct auth_check checks[CHECKS_MAX];
};

static EVP_PKEY *old_key, *new_key, *other_key;

static int make_keys(void **state)
{
    (void)state;
    old_key = maker_key("ED25519");
    new_key = maker_key("ED25519");
    other_key = maker_key("ED25519");
    return 0;
}

static int free_keys(void **state)
{
    (void)state;
    EVP_PKEY_free(old_key);
    EVP_PKEY_free(new_key);
    EVP_PKEY_free(other_key);
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

static char *make_token(EVP_PKEY *key, const char *id, const char *issuer)
{
    struct buf header, payload;
    buf_init(&header, 1024);
    buf_init(&payload, 1024);
    buf_printf(&header, "{\"typ\":\"at+jwt\",\"alg\":\"EdDSA\",\"kid\":\"%s\"}", id);
    long long now = clock_wall_ms() / 1000;
    buf_printf(&payload,
        "{\"iss\":\"%s\",\"aud\":\"agizo\",\"client_id\":\"c\",\"jti\":\"j\","
        "\"sub\":\"s\",\"iat\":%lld,\"exp\":%lld}",
        issuer, now, now + 300);
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

#define ISSUER "https://id.example"
#define OTHER_ISSUER "https://other.example"

static struct keyring *ring(struct scene *scene)
{
    return &scene->auth.providers[0].ring;
}

static struct keyring *other_ring(struct scene *scene)
{
    return &scene->auth.providers[1].ring;
}

static void asked(void *owner)
{
    ((struct scene *)owner)->asks++;
}

static void other_asked(void *owner)
{
    ((struct scene *)owner)->other_asks++;
}

static void add_provider(struct scene *scene, const char *issuer, keyring_ask_fn *fn)
{
    struct provider *provider = &scene->auth.providers[scene->auth.provider_count++];
    provider->rules = (struct token_rules){
        .issuer = slice_of(issuer),
        .audience = SLICE("agizo"),
        .roles_claim = SLICE("roles"),
        .algorithms = 1u << ALGORITHM_EDDSA,
    };
    keyring_init(&provider->ring, scene->auth.loop);
    keyring_serve(&provider->ring, fn, scene);
}

static struct scene *make_scene(void)
{
    struct scene *scene = memory_zeroed(sizeof(*scene));
    scene->auth.loop = loop_new();
    scene->old_token = make_token(old_key, "old", ISSUER);
    scene->new_token = make_token(new_key, "new", ISSUER);
    scene->other_token = make_token(other_key, "other", OTHER_ISSUER);
    arena_init(&scene->arena, 1 << 20);
    add_provider(scene, ISSUER, asked);
    keyring_publish(ring(scene), make_set(old_key, ",\"kid\":\"old\""), FAR);
    return scene;
}

static void run_scene(struct scene *scene, scene_fn *const *steps)
{
    scene->link = auth_link_new(&scene->auth, scene->auth.loop);
    scene->job.run = take_turn;
    scene->steps = steps;
    loop_post(scene->auth.loop, &scene->job);
    loop_run(scene->auth.loop);
    auth_link_free(scene->link);
    for (size_t i = 0; i < scene->auth.provider_count; i++) {
        keyring_deinit(&scene->auth.providers[i].ring);
    }
    loop_free(scene->auth.loop);
    arena_deinit(&scene->arena);
    free(scene->old_token);
    free(scene->new_token);
    free(scene->other_token);
    free(scene);
}

/* A worker that holds the old key under the name "old". */
static void play(scene_fn *const *steps)
{
    run_scene(make_scene(), steps);
}

/* And another issuer's, which has not been reached yet. */
static void play_both(scene_fn *const *steps)
{
    struct scene *scene = make_scene();
    add_provider(scene, OTHER_ISSUER, other_asked);
    run_scene(scene, steps);
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
    keyring_publish(ring(scene), make_set(new_key, ",\"kid\":\"new\""), FAR);
    keyring_end(ring(scene));
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
    keyring_hold_off(ring(scene), FAR);
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
    keyring_hold_off(ring(scene), FAR);
    keyring_begin(ring(scene));
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
    keyring_begin(ring(scene));
    keyring_hold_off(ring(scene), FAR);
    keyring_end(ring(scene));
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
    keyring_hold_off(ring(scene), FAR);
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

/* What was published before the question is no answer to it. */
static void older_news_is_on_its_way(struct scene *scene)
{
    keyring_end(ring(scene));
    assert_int_equal(start(scene, 0, scene->new_token), ERR_COUNT);
}

static void it_waits_for_its_own(struct scene *scene)
{
    assert_int_equal(scene->asks, 1);
    assert_int_equal(scene->done, 0);
    keyring_hold_off(ring(scene), FAR);
    publish_new(scene);
}

static void older_news_is_no_answer(void **state)
{
    static scene_fn *const steps[] = {
        older_news_is_on_its_way, it_waits_for_its_own, it_passed, NULL};
    (void)state;
    play(steps);
}

static void keys_are_too_old(struct scene *scene)
{
    assert_int_equal(start(scene, 0, scene->old_token), ERR_OK);
    assert_int_equal(start(scene, 1, scene->new_token), ERR_COUNT);
    keyring_extend(ring(scene), 0);
    assert_int_equal(start(scene, 2, scene->old_token), ERR_UNAVAILABLE);
    assert_int_equal(start(scene, 2, "not looked at"), ERR_UNAVAILABLE);
    keyring_end(ring(scene));
}

static void it_is_unavailable(struct scene *scene)
{
    assert_int_equal(scene->done, 1);
    assert_int_equal(scene->last, ERR_UNAVAILABLE);
    keyring_extend(ring(scene), FAR);
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

static void publish_other(struct scene *scene)
{
    keyring_publish(other_ring(scene), make_set(other_key, ",\"kid\":\"other\""), FAR);
    keyring_end(other_ring(scene));
}

static void one_is_ready_and_one_away(struct scene *scene)
{
    assert_true(auth_ready(&scene->auth));
    keyring_hold_off(ring(scene), FAR);
    keyring_hold_off(other_ring(scene), FAR);
    assert_int_equal(start(scene, 0, scene->old_token), ERR_OK);
    assert_true(slice_equal(scene->checks[0].identity.issuer, SLICE(ISSUER)));
    /* Whose it is, nobody can tell yet. */
    assert_int_equal(start(scene, 1, scene->other_token), ERR_UNAVAILABLE);
    assert_int_equal(start(scene, 1, "x.y.z"), ERR_INVALID_TOKEN);
    publish_other(scene);
}

static void both_are_ready(struct scene *scene)
{
    assert_int_equal(start(scene, 0, scene->old_token), ERR_OK);
    assert_int_equal(start(scene, 1, scene->other_token), ERR_OK);
    assert_true(slice_equal(scene->checks[1].identity.issuer, SLICE(OTHER_ISSUER)));
    assert_int_equal(start(scene, 2, scene->new_token), ERR_INVALID_TOKEN);
}

/* The cached ones, too. */
static void the_first_grows_stale(struct scene *scene)
{
    keyring_extend(ring(scene), 0);
    assert_true(auth_ready(&scene->auth));
    assert_int_equal(start(scene, 0, scene->old_token), ERR_UNAVAILABLE);
    assert_int_equal(start(scene, 1, scene->other_token), ERR_OK);
    keyring_extend(other_ring(scene), 0);
    assert_false(auth_ready(&scene->auth));
    assert_int_equal(start(scene, 1, scene->other_token), ERR_UNAVAILABLE);
}

static void one_issuer_works_without_the_other(void **state)
{
    static scene_fn *const steps[] = {
        one_is_ready_and_one_away, both_are_ready, the_first_grows_stale, NULL};
    (void)state;
    play_both(steps);
}

static void the_first_is_stale_and_unasked(struct scene *scene)
{
    keyring_extend(ring(scene), 0);
    keyring_hold_off(ring(scene), FAR);
    keyring_hold_off(other_ring(scene), FAR);
    assert_true(auth_ready(&scene->auth));
    assert_int_equal(start(scene, 0, scene->old_token), ERR_UNAVAILABLE);
}

static void stale_keys_verify_nothing_new(void **state)
{
    static scene_fn *const steps[] = {publish_other, the_first_is_stale_and_unasked, NULL};
    (void)state;
    play_both(steps);
}

static void others_token_waits(struct scene *scene)
{
    assert_int_equal(start(scene, 0, scene->other_token), ERR_COUNT);
}

static void the_first_has_nothing(struct scene *scene)
{
    assert_int_equal(scene->asks, 1);
    assert_int_equal(scene->other_asks, 1);
    keyring_hold_off(ring(scene), FAR);
    keyring_end(ring(scene));
}

static void it_still_waits(struct scene *scene)
{
    assert_int_equal(scene->done, 0);
    keyring_hold_off(other_ring(scene), FAR);
    publish_other(scene);
}

static void news_of_the_right_issuer_is_waited_for(void **state)
{
    static scene_fn *const steps[] = {
        others_token_waits, the_first_has_nothing, it_still_waits, it_passed, NULL};
    (void)state;
    play_both(steps);
}

static void the_other_has_it(struct scene *scene)
{
    publish_other(scene);
}

/* The first issuer never answers, and need not. */
static void the_right_news_is_enough(void **state)
{
    static scene_fn *const steps[] = {others_token_waits, the_other_has_it, it_passed, NULL};
    (void)state;
    play_both(steps);
}

static void the_other_has_nothing(struct scene *scene)
{
    assert_int_equal(scene->done, 0);
    keyring_hold_off(other_ring(scene), FAR);
    keyring_end(other_ring(scene));
}

static void it_cannot_be_checked(struct scene *scene)
{
    assert_int_equal(scene->done, 1);
    assert_int_equal(scene->last, ERR_UNAVAILABLE);
}

static void a_token_nobody_knows_is_unavailable_while_one_is_away(void **state)
{
    static scene_fn *const steps[] = {others_token_waits, the_first_has_nothing,
        the_other_has_nothing, it_cannot_be_checked, NULL};
    (void)state;
    play_both(steps);
}

/* RS-28: both have a key of this name. */
static void both_have_the_name(struct scene *scene)
{
    keyring_publish(other_ring(scene), make_set(other_key, ",\"kid\":\"old\""), FAR);
    keyring_end(other_ring(scene));
}

static void each_uses_its_own(struct scene *scene)
{
    char *right = make_token(other_key, "old", OTHER_ISSUER);
    char *crossed = make_token(other_key, "old", ISSUER);
    char *crossed_back = make_token(old_key, "old", OTHER_ISSUER);
    assert_int_equal(start(scene, 0, scene->old_token), ERR_OK);
    assert_int_equal(start(scene, 1, right), ERR_OK);
    assert_true(slice_equal(scene->checks[1].identity.issuer, SLICE(OTHER_ISSUER)));
    assert_int_equal(start(scene, 2, crossed), ERR_INVALID_TOKEN);
    assert_int_equal(start(scene, 2, crossed_back), ERR_INVALID_TOKEN);
    assert_int_equal(scene->asks + scene->other_asks, 0);
    free(right);
    free(crossed);
    free(crossed_back);
}

static void one_name_of_two_keys_is_two_keys(void **state)
{
    static scene_fn *const steps[] = {both_have_the_name, each_uses_its_own, NULL};
    (void)state;
    play_both(steps);
}

static void both_are_cached(struct scene *scene)
{
    assert_int_equal(start(scene, 0, scene->old_token), ERR_OK);
    assert_int_equal(start(scene, 1, scene->other_token), ERR_OK);
    keyring_hold_off(ring(scene), FAR);
    keyring_hold_off(other_ring(scene), FAR);
    keyring_publish(other_ring(scene), make_set(new_key, ",\"kid\":\"newer\""), FAR);
    keyring_end(other_ring(scene));
}

static void only_the_first_passes(struct scene *scene)
{
    assert_int_equal(start(scene, 0, scene->old_token), ERR_OK);
    assert_int_equal(start(scene, 1, scene->other_token), ERR_INVALID_TOKEN);
}

static void a_removed_key_of_the_other_ends_cached_tokens(void **state)
{
    static scene_fn *const steps[] = {
        the_other_has_it, both_are_cached, only_the_first_passes, NULL};
    (void)state;
    play_both(steps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_removed_key_ends_cached_tokens),
        cmocka_unit_test(many_wait_for_one_fetch),
        cmocka_unit_test(an_unknown_key_stays_unknown),
        cmocka_unit_test(news_on_its_way_is_waited_for),
        cmocka_unit_test(older_news_is_no_answer),
        cmocka_unit_test(stale_keys_are_not_used),
        cmocka_unit_test(the_number_that_waits_is_bounded),
        cmocka_unit_test(one_issuer_works_without_the_other),
        cmocka_unit_test(stale_keys_verify_nothing_new),
        cmocka_unit_test(news_of_the_right_issuer_is_waited_for),
        cmocka_unit_test(the_right_news_is_enough),
        cmocka_unit_test(a_token_nobody_knows_is_unavailable_while_one_is_away),
        cmocka_unit_test(one_name_of_two_keys_is_two_keys),
        cmocka_unit_test(a_removed_key_of_the_other_ends_cached_tokens),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
