/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The description says all that the tables can say: whoever adds a route, a parameter or a member finds here what its row lacks. That the
 * document is a valid one, and true, is the business of tests/flow/contract.test.mjs.
 */
#include "api/openapi.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "api/openapi_answers.h"
#include "api/openapi_schema.h"
#include "api/parameters.h"
#include "api/routes.h"
#include "api/schemas.h"
#include "sms/sms.h"

static void every_route_says_what_it_does(void **state)
{
    const struct route_table *table = api_routes();
    (void)state;
    for (size_t i = 0; i < table->count; i++) {
        const struct route *route = &table->routes[i];
        if (!route->says) fail_msg("%s has no .says", route->label);
        bool bodiless = route->status[0] == 204 || route->status[0] == 303;
        if (openapi_guarded(route) && !route->gives && !bodiless) {
            fail_msg("%s gives no schema", route->label);
        }
    }
}

static void has_row(const struct route *route, enum parameter_place place, struct slice name)
{
    if (parameter_find(place, name)) return;
    fail_msg("%s: `%.*s` has no row in api/parameters.c", route->label, SLICE_ARG(name));
}

static void every_parameter_has_its_row(void **state)
{
    const struct route_table *table = api_routes();
    (void)state;
    for (size_t i = 0; i < table->count; i++) {
        const struct route *route = &table->routes[i];
        enum parameter_place query = route->visit ? PARAMETER_VISIT : PARAMETER_QUERY;
        for (const char *at = strchr(route->path, '{'); at; at = strchr(at + 1, '{')) {
            has_row(route, PARAMETER_PATH, (struct slice){at + 1, strcspn(at + 1, "}")});
        }
        for (const char *const *name = route->parameters; name && *name; name++) {
            has_row(route, query, slice_of(*name));
        }
    }
}

static void has_examples(const struct schema *schema)
{
    for (size_t i = 0; i < schema->count; i++) {
        const struct schema_field *field = &schema->fields[i];
        json_t *example = openapi_field_example(field);
        if (!example) fail_msg("%s.%s has no example", schema->name, field->name);
        json_decref(example);
        if (field->of) has_examples(field->of);
    }
}

static void every_member_has_an_example(void **state)
{
    const struct route_table *table = api_routes();
    (void)state;
    for (size_t i = 0; i < table->count; i++) {
        const struct route *route = &table->routes[i];
        if (route->takes) has_examples(route->takes());
        if (route->gives) has_examples(route->gives());
    }
}

static bool stands_among(struct slice word, const char *const *words)
{
    while (*words && !slice_equal(slice_of(*words), word)) words++;
    return *words != NULL;
}

/* The only words that are written a second time. */
static void every_hold_is_a_word(void **state)
{
    const struct schema *schema = gateway_schema();
    (void)state;
    for (size_t i = 0; i < schema->count; i++) {
        const struct schema_field *field = &schema->fields[i];
        if (strcmp(field->name, "hold") != 0) continue;
        for (int hold = SMS_FLOWS; hold <= SMS_DAY_SPENT; hold++) {
            assert_true(stands_among(sms_hold_text((enum sms_hold)hold), field->words));
        }
        return;
    }
    fail_msg("the gateway has no hold");
}

static void tells_of_the_settings_what_clients_need(void **state)
{
    struct config config = {.oidc_issuer = "https://a.example/",
        .oidc2_issuer = "https://b.example",
        .oidc_dpop = "nonce",
        .oidc_client_secret = "hidden"};
    struct buf text;
    (void)state;
    buf_init(&text, 1 << 20);
    openapi_put(&text, api_routes(), &config);
    buf_put_char(&text, '\0');
    assert_true(buf_ok(&text));
    assert_non_null(strstr(text.ptr, "\"https://a.example/.well-known/openid-configuration\""));
    assert_non_null(strstr(text.ptr, "\"https://b.example/.well-known/openid-configuration\""));
    assert_non_null(strstr(text.ptr, "invalid_dpop_proof"));
    assert_null(strstr(text.ptr, "hidden"));
    buf_deinit(&text);
}

static void knows_no_provider_that_there_is_not(void **state)
{
    struct config config = {.oidc_issuer = "", .oidc2_issuer = "", .oidc_dpop = "off"};
    struct buf text;
    (void)state;
    buf_init(&text, 1 << 20);
    openapi_put(&text, api_routes(), &config);
    buf_put_char(&text, '\0');
    assert_null(strstr(text.ptr, "openIdConnect"));
    assert_null(strstr(text.ptr, "dpop"));
    assert_non_null(strstr(text.ptr, "\"security\":[{\"session\":[\"orders:write\"]}]"));
    buf_deinit(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_route_says_what_it_does),
        cmocka_unit_test(every_parameter_has_its_row),
        cmocka_unit_test(every_member_has_an_example),
        cmocka_unit_test(every_hold_is_a_word),
        cmocka_unit_test(tells_of_the_settings_what_clients_need),
        cmocka_unit_test(knows_no_provider_that_there_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
