/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log lines, read back through a pipe that stands where stderr was when the first line was written.
 */
#include "obs/log.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/check.h"
#include "core/json.h"
#include "core/timestamp.h"
#include "obs/metrics.h"

static int lines_fd;

/* What the pipe holds now. */
static struct slice read_all(void)
{
    static char text[1 << 20];
    size_t len = 0;
    ssize_t part;
    while ((part = read(lines_fd, text + len, sizeof(text) - len)) > 0) len += (size_t)part;
    return (struct slice){text, len};
}

/* The one line that was written, parsed. */
static json_t *read_line(void)
{
    const char *fault = NULL;
    struct slice text = read_all();
    struct slice line = slice_cut(&text, '\n');
    assert_true(slice_present(text) && text.len == 0);
    json_t *value = json_decode(line, 2, &fault);
    if (!value) fail_msg("%s: %.*s", fault, SLICE_ARG(line));
    assert_true(json_is_object(value));
    return value;
}

static const char *member(const json_t *line, const char *name)
{
    const char *text = json_string_value(json_object_get(line, name));
    return text ? text : "(absent)";
}

static uint64_t dropped(void)
{
    CLEANUP(buf_deinit)
    struct buf out;
    uint64_t count = 0;
    buf_init(&out, 1 << 20);
    metrics_format(&out);
    buf_put_char(&out, '\0');
    const char *at = strstr(out.ptr, "\nagizo_log_dropped_total ");
    assert_non_null(at);
    struct slice rest = slice_of(at + 25);
    assert_true(slice_to_u64(slice_cut(&rest, '\n'), UINT64_MAX, &count));
    return count;
}

static void a_line_has_its_members(void **state)
{
    int64_t ms;
    (void)state;
    log_write(LOG_SMS_FAULT, LOG_TEXT("method", SLICE("GET")), LOG_NUMBER("status", 200),
        LOG_NUMBER("change", INT64_MIN), LOG_TEXT("nothing", slice_absent()),
        LOG_TEXT("empty", SLICE("")));
    CLEANUP(json_release)
    json_t *line = read_line();
    assert_true(timestamp_parse(slice_of(member(line, "time")), &ms));
    assert_string_equal(member(line, "level"), "warn");
    assert_string_equal(member(line, "event"), "sms.fault");
    assert_string_equal(member(line, "method"), "GET");
    assert_string_equal(member(line, "empty"), "");
    assert_int_equal(json_integer_value(json_object_get(line, "status")), 200);
    assert_true(json_integer_value(json_object_get(line, "change")) == INT64_MIN);
    assert_null(json_object_get(line, "nothing"));
    assert_null(json_object_get(line, "request_id"));
    assert_int_equal(json_object_size(line), 7);
}

static void the_request_is_named_while_it_is_handled(void **state)
{
    (void)state;
    log_set_request(SLICE("0190b3c4-0000-7000-8000-000000000000"), slice_absent());
    log_event(LOG_SERVICE_STARTED);
    log_set_request(slice_absent(), slice_absent());
    CLEANUP(json_release)
    json_t *line = read_line();
    assert_string_equal(member(line, "request_id"), "0190b3c4-0000-7000-8000-000000000000");
    assert_string_equal(member(line, "event"), "service.started");
}

static void texts_are_escaped(void **state)
{
    static const char text[] = "a\"b\\c\nd\te\x01\x7f é 😀 </script>";
    (void)state;
    log_write(LOG_SMS_FAULT, LOG_TEXT("why", slice_of(text)));
    CLEANUP(json_release)
    json_t *line = read_line();
    assert_string_equal(member(line, "why"), text);
}

/* Beyond ASCII, too: a reader may end lines at them, a terminal obey them. */
static void controls_are_written_as_escapes(void **state)
{
    static const char text[] =
        "\xc2\x85 \xc2\x9b \xe2\x80\xa8\xe2\x80\xa9 \xc2\xa0\xe2\x80\xaa\xe2\x81\xa8";
    static const char written[] =
        "\"\\u0085 \\u009b \\u2028\\u2029 \xc2\xa0\xe2\x80\xaa\xe2\x81\xa8\"";
    (void)state;
    log_write(LOG_SMS_FAULT, LOG_TEXT("why", slice_of(text)));
    struct slice line = read_all();
    assert_non_null(memmem(line.ptr, line.len, written, strlen(written)));
}

static void bad_utf8_is_replaced(void **state)
{
    static const char text[] = "a\xff\xc0\xaf\xed\xa0\x80\xf0\x9f\x98z\xc3";
    (void)state;
    log_write(LOG_SMS_FAULT, LOG_TEXT("why", slice_of(text)));
    CLEANUP(json_release)
    json_t *line = read_line();
    assert_string_equal(member(line, "why"), "a������\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz�");
}

static void a_nul_does_not_end_a_line(void **state)
{
    (void)state;
    log_write(LOG_SMS_FAULT, LOG_TEXT("why", SLICE("a\0b")));
    struct slice text = read_all();
    assert_non_null(memmem(text.ptr, text.len, "\"a\\u0000b\"}\n", 12));
}

static void phones_are_masked(void **state)
{
    static const struct {
        const char *phone;
        const char *shown;
    } rows[] = {
        {"+254712345678", "+2547******78"},
        {"+12025550123", "+1********23"},
        {"+12345678", "+1*****78"},
        {"+1234567", "********"},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        log_write(LOG_SMS_LOGGED, LOG_PHONE("to", slice_of(rows[i].phone)));
        CLEANUP(json_release)
        json_t *line = read_line();
        assert_string_equal(member(line, "to"), rows[i].shown);
    }
}

static void a_long_phone_stays_masked(void **state)
{
    char digits[100];
    (void)state;
    memset(digits, '7', sizeof(digits));
    log_write(LOG_SMS_LOGGED, LOG_PHONE("to", ((struct slice){digits, sizeof(digits)})));
    CLEANUP(json_release)
    json_t *line = read_line();
    assert_string_equal(member(line, "to"), "77777***************************");
}

static void levels_below_the_least_are_silent(void **state)
{
    (void)state;
    log_set_level(LOG_WARN);
    log_event(LOG_SERVICE_STARTED);
    assert_int_equal(read_all().len, 0);
    log_event(LOG_STORE_LOST);
    CLEANUP(json_release)
    json_t *line = read_line();
    assert_string_equal(member(line, "level"), "warn");
    log_set_level(LOG_INFO);
}

/* Every length around the limit, with fillings that escape to 1, 2, 3 and 6 bytes. */
static void a_cut_line_stays_json(void **state)
{
    static const char *const fillings[] = {"x", "\"", "\xff", "\x01", "😀"};
    (void)state;
    for (size_t kind = 0; kind < ARRAY_LEN(fillings); kind++) {
        CLEANUP(buf_deinit)
        struct buf filling;
        buf_init(&filling, 1 << 16);
        while (filling.len < 5000) buf_put_text(&filling, fillings[kind]);
        size_t first = 3900 / 6;
        for (size_t len = first; len < 4200; len += strlen(fillings[kind])) {
            log_write(LOG_SMS_FAULT, LOG_TEXT("why", ((struct slice){filling.ptr, len})),
                LOG_NUMBER("status", 200), LOG_TEXT("more", SLICE("more")));
            struct slice text = read_all();
            assert_true(text.len <= PIPE_BUF);
            const char *fault;
            json_t *line = json_decode(text, 2, &fault);
            assert_non_null(line);
            bool cut = json_is_true(json_object_get(line, "cut"));
            assert_true(cut || strcmp(member(line, "more"), "more") == 0);
            assert_true(!cut || len > first);
            assert_true(cut || len < 4096);
            json_decref(line);
        }
    }
}

static void a_full_pipe_costs_the_line(void **state)
{
    char filling[3000];
    (void)state;
    uint64_t before = dropped();
    memset(filling, 'x', sizeof(filling));
    while (dropped() == before) {
        log_write(LOG_SMS_FAULT, LOG_TEXT("why", ((struct slice){filling, sizeof(filling)})));
    }
    struct slice rest = read_all();
    assert_int_equal(dropped(), before + 1);
    while (rest.len > 0) {
        const char *fault;
        json_t *line = json_decode(slice_cut(&rest, '\n'), 2, &fault);
        assert_non_null(line);
        json_decref(line);
    }
    log_event(LOG_SERVICE_STARTED);
    CLEANUP(json_release)
    json_t *line = read_line();
    assert_string_equal(member(line, "event"), "service.started");
}

#define THREADS 4
#define LINES 50

static void *log_many(void *argument)
{
    (void)argument;
    for (int i = 0; i < LINES; i++) log_write(LOG_SMS_FAULT, LOG_NUMBER("status", 200));
    return NULL;
}

static void threads_do_not_mix_their_lines(void **state)
{
    pthread_t threads[THREADS];
    size_t count = 0;
    (void)state;
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, log_many, NULL), 0);
    }
    for (size_t i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    for (struct slice rest = read_all(); rest.len > 0; count++) {
        const char *fault;
        json_t *line = json_decode(slice_cut(&rest, '\n'), 2, &fault);
        assert_non_null(line);
        json_decref(line);
    }
    assert_int_equal(count, THREADS * LINES);
}

/* The last test: nobody can read afterwards. */
static void a_broken_pipe_costs_the_line(void **state)
{
    (void)state;
    uint64_t before = dropped();
    close(lines_fd);
    log_event(LOG_SERVICE_STARTED);
    log_event(LOG_SERVICE_STARTED);
    assert_int_equal(dropped(), before + 2);
}

/* A process whose stderr is `fd` from its first line on; it writes one. */
static void log_from_child(int fd)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        dup2(fd, STDERR_FILENO);
        log_event(LOG_SERVICE_STARTED);
        exit(dropped() == 0 ? 0 : 1); /* not _exit: the coverage of the child counts */
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void expect_ready_line(void)
{
    json_t *line = read_line();
    assert_string_equal(member(line, "event"), "service.started");
    json_decref(line);
}

/* Both run before this process has chosen its own sink. */
static void a_socket_takes_lines(void **state)
{
    int ends[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    log_from_child(ends[1]);
    lines_fd = ends[0];
    expect_ready_line();
    close(ends[0]);
    close(ends[1]);
}

static void a_file_takes_lines(void **state)
{
    (void)state;
    lines_fd = memfd_create("log", MFD_CLOEXEC);
    assert_true(lines_fd >= 0);
    log_from_child(lines_fd);
    assert_int_equal(lseek(lines_fd, 0, SEEK_SET), 0);
    expect_ready_line();
    close(lines_fd);
}

/* Puts a pipe behind descriptor 2 for as long as the log opens its sink; cmocka reports to the old one. */
static void a_pipe_takes_lines(void **state)
{
    int ends[2];
    int terminal = dup(STDERR_FILENO);
    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    lines_fd = ends[0];
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    log_event(LOG_SERVICE_STARTED);
    /* The log's own description does not wait; the one behind stderr, which others share, still would. */
    assert_int_equal(fcntl(STDERR_FILENO, F_GETFL) & O_NONBLOCK, 0);
    dup2(terminal, STDERR_FILENO);
    close(terminal);
    fcntl(lines_fd, F_SETFL, O_NONBLOCK);
    json_t *line = read_line();
    assert_string_equal(member(line, "event"), "service.started");
    json_decref(line);
}

int main(void)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_socket_takes_lines),
        cmocka_unit_test(a_file_takes_lines),
        cmocka_unit_test(a_pipe_takes_lines), /* and the tests below read from it */
        cmocka_unit_test(a_line_has_its_members),
        cmocka_unit_test(the_request_is_named_while_it_is_handled),
        cmocka_unit_test(texts_are_escaped),
        cmocka_unit_test(controls_are_written_as_escapes),
        cmocka_unit_test(bad_utf8_is_replaced),
        cmocka_unit_test(a_nul_does_not_end_a_line),
        cmocka_unit_test(phones_are_masked),
        cmocka_unit_test(a_long_phone_stays_masked),
        cmocka_unit_test(levels_below_the_least_are_silent),
        cmocka_unit_test(a_cut_line_stays_json),
        cmocka_unit_test(a_full_pipe_costs_the_line),
        cmocka_unit_test(threads_do_not_mix_their_lines),
        cmocka_unit_test(a_broken_pipe_costs_the_line),
    };
    sigaction(SIGPIPE, &ignore, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
