/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which tokens are asked about (IN-08), and how many questions there can be (IN-07), at a provider that nobody answers for.
 *
 * Worker and identity share one loop; calls go to a port of the loopback that refuses them.
 */
#include "auth/introspection.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define QUESTIONS_MAX 1100

struct scene {
    struct loop *loop;
    struct provider provider;
    struct introspection *introspection;
    struct arena arena;
    size_t rounds, asked, answered, busy, unavailable, refused;
    char tokens[QUESTIONS_MAX][32];
    struct inquiry inquiries[QUESTIONS_MAX];
};

static struct scene *open_scene(void)
{
    struct scene *scene = memory_zeroed(sizeof(*scene));
    scene->loop = loop_new();
    scene->provider.client_id = SLICE("c");
    scene->provider.client_secret = SLICE("s");
    scene->provider.known = true;
    scene->provider.endpoints.introspection = memory_text("http://127.0.0.1:1/introspect");
    scene->introspection = introspection_new(scene->loop, &scene->provider);
    arena_init(&scene->arena, 1 << 20);
    return scene;
}

static void close_scene(struct scene *scene)
{
    introspection_free(scene->introspection);
    free(scene->provider.endpoints.introspection);
    arena_deinit(&scene->arena);
    loop_free(scene->loop);
    free(scene);
}

static op_fn take_answer;

/* `distinct`: a token of its own for each question. */
static void ask(struct scene *scene, size_t count, bool distinct)
{
    scene->asked += count;
    for (size_t i = 0; i < count; i++) {
        struct inquiry *inquiry = &scene->inquiries[i];
        snprintf(scene->tokens[i], sizeof(scene->tokens[i]), "token-%zu", distinct ? i : 0);
        inquiry->op.owner = scene;
        inquiry->arena = &scene->arena;
        inquiry->token = slice_of(scene->tokens[i]);
        introspection_start(scene->introspection, scene->loop, inquiry, take_answer);
    }
}

static void take_answer(struct op *op)
{
    struct scene *scene = op->owner;
    struct inquiry *inquiry = CONTAINER_OF(op, struct inquiry, op);
    scene->busy += op->err == ERR_BUSY;
    scene->unavailable += op->err == ERR_UNAVAILABLE;
    scene->refused += op->err == ERR_OK && inquiry->refusal == REFUSAL_SEGMENTS;
    if (++scene->answered < scene->asked) return;
    if (scene->rounds-- == 0) {
        loop_stop(scene->loop);
    } else {
        ask(scene, 50, true);
    }
}

static void play(struct scene *scene, size_t count, bool distinct)
{
    ask(scene, count, distinct);
    loop_run(scene->loop);
}

static void wants_opaque_tokens_only(void **state)
{
    char text[4096];
    (void)state;
    memset(text, 'x', sizeof(text));
    assert_true(introspection_wants(SLICE("x")));
    assert_true(introspection_wants(SLICE("ory_at_x.y")));
    assert_true(introspection_wants(SLICE("AZaz09-._~+/==")));
    assert_true(introspection_wants(SLICE("a.b.c.d")));
    assert_true(introspection_wants((struct slice){text, 2048}));
    assert_false(introspection_wants((struct slice){text, 2049}));
    assert_false(introspection_wants(SLICE("")));
    assert_false(introspection_wants(SLICE("a.b.c")));
    assert_false(introspection_wants(SLICE("..")));
    assert_false(introspection_wants(SLICE("a.b.c.d.e")));
    assert_false(introspection_wants(SLICE("a b")));
    assert_false(introspection_wants(SLICE("{\"a\"}")));
    assert_false(introspection_wants(SLICE("a\nb")));
    assert_false(introspection_wants(SLICE("\xc3\xa9")));
    assert_false(introspection_wants((struct slice){"a\0b", 3}));
}

static void nobody_knows_without_an_answer(void **state)
{
    struct scene *scene = open_scene();
    (void)state;
    play(scene, 10, true);
    assert_int_equal(scene->unavailable, 10);
    close_scene(scene);
}

static void calls_are_bounded(void **state)
{
    struct scene *scene = open_scene();
    (void)state;
    play(scene, 100, true);
    assert_int_equal(scene->unavailable, 64);
    assert_int_equal(scene->busy, 36);
    close_scene(scene);
}

static void one_call_serves_all_who_ask_about_one_token(void **state)
{
    struct scene *scene = open_scene();
    (void)state;
    play(scene, 1024, false);
    assert_int_equal(scene->unavailable, 1024);
    close_scene(scene);
}

static void those_who_wait_are_bounded(void **state)
{
    struct scene *scene = open_scene();
    (void)state;
    play(scene, 1100, false);
    assert_int_equal(scene->unavailable, 1024);
    assert_int_equal(scene->busy, 76);
    close_scene(scene);
}

/* A hundred at once, then a hundred a second. */
static void the_rate_is_bounded(void **state)
{
    struct scene *scene = open_scene();
    (void)state;
    scene->rounds = 5;
    play(scene, 50, true);
    assert_int_equal(scene->answered, 300);
    assert_true(scene->busy > 0);
    assert_true(scene->unavailable >= 100);
    close_scene(scene);
}

static void a_provider_that_is_not_known_yet(void **state)
{
    struct scene *scene = open_scene();
    (void)state;
    scene->provider.known = false; /* and so none of its addresses is */
    free(scene->provider.endpoints.introspection);
    scene->provider.endpoints.introspection = NULL;
    play(scene, 1, true);
    assert_int_equal(scene->unavailable, 1);
    close_scene(scene);
}

static void a_provider_without_the_endpoint(void **state)
{
    struct scene *scene = open_scene();
    (void)state;
    free(scene->provider.endpoints.introspection);
    scene->provider.endpoints.introspection = NULL;
    play(scene, 1, true);
    assert_int_equal(scene->refused, 1);
    close_scene(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wants_opaque_tokens_only),
        cmocka_unit_test(nobody_knows_without_an_answer),
        cmocka_unit_test(calls_are_bounded),
        cmocka_unit_test(one_call_serves_all_who_ask_about_one_token),
        cmocka_unit_test(those_who_wait_are_bounded),
        cmocka_unit_test(the_rate_is_bounded),
        cmocka_unit_test(a_provider_that_is_not_known_yet),
        cmocka_unit_test(a_provider_without_the_endpoint),
    };
    outbound_global_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
