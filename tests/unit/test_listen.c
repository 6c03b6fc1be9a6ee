/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listening sockets: which addresses are some, and who may share one.
 */
#include "http/server.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/check.h"

static int port_of(int fd)
{
    struct sockaddr_in at;
    socklen_t len = sizeof(at);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    return ntohs(at.sin_port);
}

static void takes_addresses(void **state)
{
    static const char *const rows[] = {"127.0.0.1:0", "[127.0.0.1]:0", "0.0.0.0:0"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int fd = http_listen(rows[i], false);
        assert_true(fd >= 0);
        close(fd);
    }
}

static void refuses_what_is_no_address(void **state)
{
    static const char *const rows[] = {"", ":", "127.0.0.1", "127.0.0.1:", ":8080", "127.0.0.1:x",
        "127.0.0.1:-1", "127.0.0.1:65536", "127.0.0.1:99999", "127.0.0.1:80x", "127.0.0.1:http",
        "192.0.2.1:0"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) assert_int_equal(http_listen(rows[i], false), -1);
}

static void shares_only_among_those_who_share(void **state)
{
    char address[32];
    int first = http_listen("127.0.0.1:0", true);
    (void)state;
    assert_true(first >= 0);
    snprintf(address, sizeof(address), "127.0.0.1:%d", port_of(first));
    int second = http_listen(address, true);
    assert_true(second >= 0);
    assert_int_equal(http_listen(address, false), -1);
    close(first);
    close(second);
    int alone = http_listen(address, false);
    assert_true(alone >= 0);
    assert_int_equal(http_listen(address, true), -1);
    close(alone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_addresses),
        cmocka_unit_test(refuses_what_is_no_address),
        cmocka_unit_test(shares_only_among_those_who_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
