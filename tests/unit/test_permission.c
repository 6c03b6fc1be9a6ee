/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Permissions: exact names only, the cut of roles and scopes, and the bound customer.
 */
#include "auth/permission.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/check.h"
#include "core/json.h"

#define P(name) (1u << PERMISSION_##name)
#define READS (P(CUSTOMERS_READ) | P(ORDERS_READ) | P(MESSAGES_READ))
#define CLERK (READS | P(CUSTOMERS_WRITE) | P(ORDERS_WRITE))
#define ALL ((1u << PERMISSION_COUNT) - 1)

static struct identity grant_by(const char *claims, const struct token_rules *rules, bool service)
{
    struct identity identity = {.is_service = service};
    const char *fault;
    CLEANUP(json_release)
    json_t *fields = json_decode(slice_of(claims), 8, &fault);
    assert_non_null(fields);
    permission_grant(fields, rules, &identity);
    /* The code is borrowed from the claims, which go now. */
    if (slice_present(identity.customer_code)) {
        assert_true(slice_equal(identity.customer_code, SLICE("C1")));
    }
    return identity;
}

static struct identity grant(const char *claims, const char *path, bool service)
{
    const struct token_rules rules = {.roles_claim = slice_of(path)};
    return grant_by(claims, &rules, service);
}

static struct identity grant_mapped(const char *claims, const char *path, const char *map)
{
    const struct token_rules rules = {.roles_claim = slice_of(path), .roles_map = slice_of(map)};
    return grant_by(claims, &rules, false);
}

struct row {
    const char *claims;
    permission_set permissions;
};

static void check_rows(const struct row *rows, size_t count, bool service)
{
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(grant(rows[i].claims, "roles", service).permissions, rows[i].permissions);
    }
}

static void names_scopes(void **state)
{
    (void)state;
    assert_true(slice_equal(permission_scope(PERMISSION_ORDERS_READ), SLICE("orders:read")));
    assert_true(slice_equal(permission_scope(PERMISSION_AUDIT_READ), SLICE("audit:read")));
}

static void services_have_their_scopes(void **state)
{
    static const struct row rows[] = {
        {"{}", 0},
        {"{\"scope\":\"\"}", 0},
        {"{\"scope\":\"orders:read\"}", P(ORDERS_READ)},
        {"{\"scope\":\"orders:read customers:write\"}", P(ORDERS_READ) | P(CUSTOMERS_WRITE)},
        {"{\"scope\":\"openid orders:read profile\"}", P(ORDERS_READ)},
        {"{\"scope\":\"orders:read  orders:write\"}", P(ORDERS_READ) | P(ORDERS_WRITE)},
        {"{\"scope\":\" orders:read \"}", P(ORDERS_READ)},
        {"{\"scope\":\"orders:read orders:read\"}", P(ORDERS_READ)},
        {"{\"scope\":\"orders:readx\"}", 0},
        {"{\"scope\":\"xorders:read\"}", 0},
        {"{\"scope\":\"orders\"}", 0},
        {"{\"scope\":\"orders:*\"}", 0},
        {"{\"scope\":\"ORDERS:READ\"}", 0},
        {"{\"scope\":\"orders:read\\torders:write\"}", 0},
        {"{\"scope\":\"orders:read,orders:write\"}", 0},
        {"{\"scope\":[\"orders:read\"]}", 0},
        {"{\"scope\":{\"orders:read\":true}}", 0},
        {"{\"scope\":7}", 0},
        {"{\"roles\":[\"manager\"]}", 0},
        {"{\"roles\":[\"manager\"],\"scope\":\"orders:read\"}", P(ORDERS_READ)},
    };
    (void)state;
    check_rows(rows, ARRAY_LEN(rows), true);
    assert_false(grant("{\"roles\":[\"customer\"]}", "roles", true).is_customer);
}

static void people_have_their_roles(void **state)
{
    static const struct row rows[] = {
        {"{}", 0},
        {"{\"roles\":[]}", 0},
        {"{\"roles\":[\"viewer\"]}", READS},
        {"{\"roles\":[\"clerk\"]}", CLERK},
        {"{\"roles\":[\"manager\"]}", ALL},
        {"{\"roles\":[\"viewer\",\"clerk\"]}", CLERK},
        {"{\"roles\":[\"Manager\",\"clerks\",\"\",7,null,[\"manager\"],{\"manager\":1}]}", 0},
        {"{\"roles\":\"manager\"}", ALL},
        {"{\"roles\":\"clerk,manager\"}", ALL},
        {"{\"roles\":\"viewer, clerk ,\"}", CLERK},
        {"{\"roles\":\"viewer clerk\"}", 0},
        {"{\"roles\":\"\"}", 0},
        {"{\"roles\":{\"manager\":true}}", 0},
        {"{\"roles\":7}", 0},
        {"{\"roles\":null}", 0},
        {"{\"role\":[\"manager\"]}", 0},
    };
    (void)state;
    check_rows(rows, ARRAY_LEN(rows), false);
}

static void scopes_cut_roles(void **state)
{
    static const struct row rows[] = {
        {"{\"roles\":[\"manager\"],\"scope\":\"orders:read\"}", P(ORDERS_READ)},
        {"{\"roles\":[\"viewer\"],\"scope\":\"orders:write\"}", 0},
        {"{\"roles\":[\"viewer\"],\"scope\":\"orders:write orders:read\"}", P(ORDERS_READ)},
        {"{\"roles\":[\"clerk\"],\"scope\":\"openid profile\"}", CLERK},
        {"{\"roles\":[\"clerk\"],\"scope\":\"\"}", CLERK},
        {"{\"roles\":[\"clerk\"],\"scope\":[\"orders:read\"]}", 0},
        {"{\"roles\":[\"clerk\"],\"scope\":null}", 0},
        {"{\"scope\":\"orders:read\"}", 0},
    };
    (void)state;
    check_rows(rows, ARRAY_LEN(rows), false);
}

/* `scp`: a text or a list; and `scope` is then a claim like any other. */
static void scopes_may_stand_in_another_claim(void **state)
{
    static const struct row rows[] = {
        {"{\"roles\":[\"manager\"],\"scp\":\"orders:read\"}", P(ORDERS_READ)},
        {"{\"roles\":[\"manager\"],\"scp\":\"orders:read orders:write\"}",
            P(ORDERS_READ) | P(ORDERS_WRITE)},
        {"{\"roles\":[\"manager\"],\"scp\":[\"orders:read\",\"x\"]}", P(ORDERS_READ)},
        {"{\"roles\":[\"clerk\"],\"scp\":[\"orders:read orders:write\"]}", CLERK},
        {"{\"roles\":[\"clerk\"],\"scp\":\"access_as_user\"}", CLERK},
        {"{\"roles\":[\"clerk\"],\"scp\":[]}", CLERK},
        {"{\"roles\":[\"clerk\"],\"scp\":[\"orders:read\",7]}", 0},
        {"{\"roles\":[\"clerk\"],\"scp\":{\"orders:read\":true}}", 0},
        {"{\"roles\":[\"clerk\"],\"scp\":null}", 0},
        {"{\"roles\":[\"clerk\"],\"scope\":\"orders:read\"}", CLERK},
        {"{\"scp\":\"orders:read\"}", 0},
    };
    const struct token_rules rules = {.roles_claim = SLICE("roles"), .scope_claim = SLICE("scp")};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct identity identity = grant_by(rows[i].claims, &rules, false);
        if (identity.permissions != rows[i].permissions) fail_msg("%s", rows[i].claims);
    }
    assert_int_equal(
        grant_by("{\"scp\":[\"orders:read\"]}", &rules, true).permissions, P(ORDERS_READ));
    assert_int_equal(grant_by("{\"scope\":\"orders:read\"}", &rules, true).permissions, 0);
}

static void customers_are_bound(void **state)
{
    static const char *const unbound[] = {
        "{\"roles\":[\"customer\"]}",
        "{\"roles\":[\"customer\"],\"customer_code\":\"\"}",
        "{\"roles\":[\"customer\"],\"customer_code\":7}",
        "{\"roles\":[\"customer\"],\"customer_code\":[\"C1\"]}",
        "{\"roles\":[\"customer\",\"unknown\"]}",
        ("{\"roles\":[\"customer\"],\"customer_code\":\"0123456789012345678901234567890123456789"
         "0123456789012345678901234\"}"),
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(unbound); i++) {
        struct identity none = grant(unbound[i], "roles", false);
        assert_int_equal(none.permissions, 0);
        assert_true(none.is_customer);
        assert_false(slice_present(none.customer_code));
    }
    struct identity bound =
        grant("{\"roles\":[\"customer\"],\"customer_code\":\"C1\"}", "roles", false);
    assert_int_equal(bound.permissions, READS);
    assert_true(bound.is_customer);
    assert_int_equal(bound.customer_code.len, 2);
    struct identity staff =
        grant("{\"roles\":[\"customer\",\"clerk\"],\"customer_code\":\"C1\"}", "roles", false);
    assert_int_equal(staff.permissions, CLERK);
    assert_false(staff.is_customer);
    assert_false(slice_present(staff.customer_code));
}

static void roles_may_be_nested(void **state)
{
    static const struct {
        const char *path, *claims;
        permission_set permissions;
    } rows[] = {
        {"realm_access.roles", "{\"realm_access\":{\"roles\":[\"clerk\"]}}", CLERK},
        {"a.b.c", "{\"a\":{\"b\":{\"c\":\"clerk\"}}}", CLERK},
        {"a.b.c", "{\"a\":{\"b.c\":\"clerk\"}}", CLERK},
        {"https://agizo.example/roles", "{\"https://agizo.example/roles\":[\"clerk\"]}", CLERK},
        {"a.b", "{\"a\":[\"b\"]}", 0},
        {"a.b", "{\"a\":\"clerk\"}", 0},
        {"a.b", "{\"b\":[\"clerk\"]}", 0},
        {"a.", "{\"a\":[\"clerk\"]}", 0},
        {".a", "{\"a\":[\"clerk\"]}", 0},
        {"", "{\"roles\":[\"clerk\"]}", 0},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(
            grant(rows[i].claims, rows[i].path, false).permissions, rows[i].permissions);
    }
}

static void reads_maps_of_roles(void **state)
{
    static const char *const good[] = {"", "boss=manager", "a=viewer,b=clerk,a=customer",
        " a b = clerk , https://id.example/x=viewer", "a=clerk,a=clerk"};
    static const char *const bad[] = {" ", ",", "boss", "boss=", "=manager", "boss=Manager",
        "boss=manager,", ",boss=manager", "boss=manager,,a=clerk", "boss=king",
        "boss=manager;a=clerk", "boss:manager", "boss=manager,a", "boss=manager clerk",
        "cn=staff=clerk"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        if (!permission_map_valid(slice_of(good[i]))) fail_msg("refused: %s", good[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (permission_map_valid(slice_of(bad[i]))) fail_msg("taken: %s", bad[i]);
    }
}

static void a_map_names_all_roles_that_count(void **state)
{
    static const struct {
        const char *map, *claims;
        permission_set permissions;
    } rows[] = {
        {"boss=manager", "{\"roles\":[\"boss\"]}", ALL},
        {"boss=manager", "{\"roles\":[\"manager\"]}", 0},
        {"boss=manager", "{\"roles\":[\"Boss\",\"bos\",\"bosss\",\"\",\"boss=manager\"]}", 0},
        {"boss=manager", "{\"roles\":[\"boss\"],\"scope\":\"orders:read\"}", P(ORDERS_READ)},
        {"manager=viewer", "{\"roles\":[\"manager\"]}", READS},
        {"a=viewer,b=clerk", "{\"roles\":\"b, x\"}", CLERK},
        {" shop staff = clerk ", "{\"roles\":[\"shop staff\"]}", CLERK},
        {"buyer=customer", "{\"roles\":[\"buyer\"],\"customer_code\":\"C1\"}", READS},
        {"both=customer,both=clerk", "{\"roles\":[\"both\"]}", CLERK},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct identity got = grant_mapped(rows[i].claims, "roles", rows[i].map);
        if (got.permissions != rows[i].permissions) fail_msg("row %zu", i);
    }
    struct identity bound =
        grant_mapped("{\"roles\":[\"buyer\"],\"customer_code\":\"C1\"}", "roles", "buyer=customer");
    assert_true(bound.is_customer);
    assert_false(
        grant_mapped("{\"roles\":[\"both\"]}", "roles", "both=customer,both=clerk").is_customer);
}

static void bounds_the_list_of_roles(void **state)
{
    const struct token_rules rules = {.roles_claim = SLICE("roles")};
    CLEANUP(json_release)
    json_t *claims = json_object();
    json_t *list = json_array();
    (void)state;
    for (int i = 0; i < 10000; i++) json_array_append_new(list, json_string("unknown"));
    json_object_set_new(claims, "roles", list);
    struct identity identity = {.is_service = false};
    json_array_set_new(list, 256, json_string("manager"));
    permission_grant(claims, &rules, &identity);
    assert_int_equal(identity.permissions, 0);
    json_array_set_new(list, 255, json_string("clerk"));
    permission_grant(claims, &rules, &identity);
    assert_int_equal(identity.permissions, CLERK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_scopes),
        cmocka_unit_test(services_have_their_scopes),
        cmocka_unit_test(people_have_their_roles),
        cmocka_unit_test(scopes_cut_roles),
        cmocka_unit_test(scopes_may_stand_in_another_claim),
        cmocka_unit_test(customers_are_bound),
        cmocka_unit_test(roles_may_be_nested),
        cmocka_unit_test(reads_maps_of_roles),
        cmocka_unit_test(a_map_names_all_roles_that_count),
        cmocka_unit_test(bounds_the_list_of_roles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
