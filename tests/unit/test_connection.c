/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a connection comes from, as text and as a network.
 */
#include "http/connection.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static uint64_t assert_from_v6(const char *written, const char *expected)
{
    struct http_connection connection = {0};
    struct sockaddr_in6 peer = {.sin6_family = AF_INET6, .sin6_port = htons(443)};
    assert_int_equal(inet_pton(AF_INET6, written, &peer.sin6_addr), 1);
    connection_from(&connection, (const struct sockaddr *)(const void *)&peer);
    assert_string_equal(connection.address, expected);
    return connection.network;
}

static void names_an_ipv4_address(void **state)
{
    struct http_connection connection = {0};
    struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(443)};
    (void)state;
    assert_int_equal(inet_pton(AF_INET, "192.0.2.255", &peer.sin_addr), 1);
    connection_from(&connection, (const struct sockaddr *)(const void *)&peer);
    assert_string_equal(connection.address, "192.0.2.255");
    assert_int_equal(connection.network, 0xc00002ff);
}

static void names_an_ipv6_address(void **state)
{
    static const char whole[] = "2001:db8:1111:2222:3333:4444:5555:6666";
    (void)state;
    assert_int_equal(assert_from_v6("2001:db8::1", "2001:db8::1"), 0x20010db800000000);
    assert_int_equal(assert_from_v6(whole, whole), 0x20010db811112222);
    assert_int_equal(assert_from_v6("::1", "::1"), 0);
}

static void an_ipv4_address_on_an_ipv6_socket_is_one(void **state)
{
    (void)state;
    assert_int_equal(assert_from_v6("::ffff:192.0.2.255", "192.0.2.255"), 0xc00002ff);
}

static void another_family_has_no_address(void **state)
{
    struct http_connection connection = {0};
    (void)state;
    connection_from(&connection, &(struct sockaddr){.sa_family = AF_UNIX});
    assert_string_equal(connection.address, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_an_ipv4_address),
        cmocka_unit_test(names_an_ipv6_address),
        cmocka_unit_test(an_ipv4_address_on_an_ipv6_socket_is_one),
        cmocka_unit_test(another_family_has_no_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
