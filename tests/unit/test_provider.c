/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures of ID tokens and logout tokens on the identity loop: by the keys at hand, after one more fetch, never without keys.
 *
 * The test serves the provider's ring itself. A test is a list of steps, between which the loop turns.
 */
#include "auth/provider.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "auth/issuer.h"
#include "token_maker.h"

#define FAR (INT64_MAX / 2)
/* An ask, news and a completion follow each other in as many turns. */
#define TURNS 4

struct scene;
typedef void scene_fn(struct scene *scene);

struct scene {
    struct provider provider;
    struct provider_verify verifies[2];
    struct jws jws;
    char *token;
    struct job job;
    scene_fn *const *steps; /* NULL ends */
    int turns, asks;
    size_t done;
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

static void publish(struct scene *scene, EVP_PKEY *key, const char *more)
{
    const char *fault;
    struct buf text;
    buf_init(&text, MAKER_MAX);
    buf_put_text(&text, "{\"keys\":[");
    maker_put_jwk(&text, key, more);
    buf_put_text(&text, "]}");
    keyring_publish(&scene->provider.ring, keyset_parse(buf_slice(&text), &fault), FAR);
    keyring_end(&scene->provider.ring);
    buf_deinit(&text);
}

static void take_turn(struct job *job)
{
    struct scene *scene = CONTAINER_OF(job, struct scene, job);
    if (scene->turns-- == 0) {
        scene->turns = TURNS;
        if (!*scene->steps) {
            loop_stop(scene->provider.loop);
            return;
        }
        (*scene->steps++)(scene);
    }
    loop_post(scene->provider.loop, job);
}

static void asked(void *owner)
{
    ((struct scene *)owner)->asks++;
}

/* The test fetches in the place of the provider's own fetcher. */
static void play(scene_fn *const *steps)
{
    struct loop *loop = loop_new();
    const struct config config = {
        .public_url = "http://localhost", .oidc_refresh = 300, .oidc_stale = 300};
    struct scene *scene = memory_zeroed(sizeof(*scene));
    scene->provider.number = 1;
    scene->provider.rules.issuer = SLICE("http://127.0.0.1:9");
    scene->provider.rules.algorithms = 1u << ALGORITHM_EDDSA;
    provider_open(&scene->provider, loop, &config);
    issuer_free(scene->provider.issuer);
    keyring_serve(&scene->provider.ring, asked, scene);
    scene->job.run = take_turn;
    scene->steps = steps;
    scene->token = maker_token(
        "EdDSA", new_key, SLICE("{\"alg\":\"EdDSA\",\"kid\":\"new\"}"), SLICE("{\"sub\":\"s\"}"));
    assert_int_equal(jws_parse(&scene->jws, slice_of(scene->token)), REFUSAL_NONE);
    loop_post(loop, &scene->job);
    loop_run(loop);
    outbound_free(scene->provider.calls);
    keyring_leave(&scene->provider.member);
    provider_deinit(&scene->provider);
    loop_free(loop);
    jws_deinit(&scene->jws);
    free(scene->token);
    free(scene);
}

static void finished(struct op *op)
{
    ((struct scene *)op->owner)->done++;
}

static void start(struct scene *scene, size_t index, enum jws_kind kind)
{
    scene->verifies[index] =
        (struct provider_verify){.op.owner = scene, .jws = &scene->jws, .kind = kind};
    provider_verify_start(&scene->provider, &scene->verifies[index], finished);
    assert_true(scene->verifies[index].op.pending); /* never answered inside the call */
}

static void expect(const struct scene *scene, size_t index, enum err err, enum refusal refusal)
{
    assert_false(scene->verifies[index].op.pending);
    assert_int_equal(scene->verifies[index].op.err, err);
    assert_int_equal(scene->verifies[index].refusal, refusal);
}

static void the_key_is_there(struct scene *scene)
{
    publish(scene, new_key, ",\"kid\":\"new\"");
}

static void two_kinds(struct scene *scene)
{
    start(scene, 0, JWS_ID_TOKEN);
    start(scene, 1, JWS_ACCESS_TOKEN);
}

static void one_passes(struct scene *scene)
{
    assert_int_equal(scene->asks, 0);
    expect(scene, 0, ERR_OK, REFUSAL_NONE);
    expect(scene, 1, ERR_OK, REFUSAL_TYPE);
}

static void answers_by_the_keys_at_hand(void **state)
{
    static scene_fn *const steps[] = {the_key_is_there, two_kinds, one_passes, NULL};
    (void)state;
    play(steps);
}

static void another_key_is_there(struct scene *scene)
{
    publish(scene, old_key, ",\"kid\":\"old\"");
}

static void two_wait(struct scene *scene)
{
    start(scene, 0, JWS_ID_TOKEN);
    start(scene, 1, JWS_LOGOUT_TOKEN);
}

static void one_fetch_brings_it(struct scene *scene)
{
    assert_int_equal(scene->asks, 1);
    assert_int_equal(scene->done, 0);
    keyring_hold_off(&scene->provider.ring, FAR);
    the_key_is_there(scene);
}

static void both_pass(struct scene *scene)
{
    expect(scene, 0, ERR_OK, REFUSAL_NONE);
    expect(scene, 1, ERR_OK, REFUSAL_NONE);
}

/* BL-15, RP-08 right after a rotation. */
static void fetches_once_for_an_unknown_key(void **state)
{
    static scene_fn *const steps[] = {
        another_key_is_there, two_wait, one_fetch_brings_it, both_pass, NULL};
    (void)state;
    play(steps);
}

static void the_fetch_brings_nothing(struct scene *scene)
{
    keyring_hold_off(&scene->provider.ring, FAR);
    keyring_end(&scene->provider.ring);
}

static void both_are_refused(struct scene *scene)
{
    expect(scene, 0, ERR_OK, REFUSAL_UNKNOWN_KEY);
    expect(scene, 1, ERR_OK, REFUSAL_UNKNOWN_KEY);
    two_wait(scene);
}

static void at_once(struct scene *scene)
{
    assert_int_equal(scene->asks, 1);
    expect(scene, 0, ERR_OK, REFUSAL_UNKNOWN_KEY);
}

static void an_unknown_key_stays_unknown(void **state)
{
    static scene_fn *const steps[] = {
        another_key_is_there, two_wait, the_fetch_brings_nothing, both_are_refused, at_once, NULL};
    (void)state;
    play(steps);
}

static void another_key_has_its_name(struct scene *scene)
{
    publish(scene, old_key, ",\"kid\":\"new\"");
}

static void the_signature_is_wrong(struct scene *scene)
{
    assert_int_equal(scene->asks, 0);
    expect(scene, 0, ERR_OK, REFUSAL_SIGNATURE);
}

static void a_wrong_signature_asks_for_nothing(void **state)
{
    static scene_fn *const steps[] = {
        another_key_has_its_name, two_wait, the_signature_is_wrong, NULL};
    (void)state;
    play(steps);
}

static void keys_grow_stale(struct scene *scene)
{
    keyring_hold_off(&scene->provider.ring, FAR);
    keyring_extend(&scene->provider.ring, 0);
    start(scene, 0, JWS_ID_TOKEN);
    start(scene, 1, JWS_LOGOUT_TOKEN);
}

static void it_cannot_be_told(struct scene *scene)
{
    expect(scene, 0, ERR_UNAVAILABLE, REFUSAL_UNKNOWN_KEY);
    expect(scene, 1, ERR_UNAVAILABLE, REFUSAL_UNKNOWN_KEY);
}

static void stale_keys_say_nothing(void **state)
{
    static scene_fn *const steps[] = {the_key_is_there, keys_grow_stale, it_cannot_be_told, NULL};
    (void)state;
    play(steps);
}

static void never_reached(struct scene *scene)
{
    keyring_hold_off(&scene->provider.ring, FAR);
    two_wait(scene);
}

static void without_keys_nothing_is_said(void **state)
{
    static scene_fn *const steps[] = {never_reached, it_cannot_be_told, NULL};
    (void)state;
    play(steps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_by_the_keys_at_hand),
        cmocka_unit_test(fetches_once_for_an_unknown_key),
        cmocka_unit_test(an_unknown_key_stays_unknown),
        cmocka_unit_test(a_wrong_signature_asks_for_nothing),
        cmocka_unit_test(stale_keys_say_nothing),
        cmocka_unit_test(without_keys_nothing_is_said),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
