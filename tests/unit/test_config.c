/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The settings from each source, their precedence, and every refusal; docs/settings.md against config.def.
 */
#include "core/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/check.h"
#include "core/json.h"

#define SECRET_VALUE "hunter2-must-not-be-shown"

static struct config config;
static struct buf fault;

#define WORDS_MAX 16

/* Copies, since the words of main and of environ are not const. */
static void copy_words(const char *const *from, char *to[WORDS_MAX])
{
    for (size_t i = 0; from && from[i]; i++) {
        assert_true(i < WORDS_MAX - 1);
        to[i] = memory_text(from[i]);
    }
}

static bool read_all(const char *const *args, const char *const *environment)
{
    char *words[WORDS_MAX] = {NULL}, *variables[WORDS_MAX] = {NULL};
    copy_words(args, words);
    copy_words(environment, variables);
    buf_reset(&fault);
    bool good = config_read(&config, words, variables, &fault);
    for (size_t i = 0; i < WORDS_MAX; i++) {
        free(words[i]);
        free(variables[i]);
    }
    assert_true(good == (fault.len == 0));
    buf_put_char(&fault, '\0');
    assert_null(strstr(fault.ptr, SECRET_VALUE));
    return good;
}

#define ARGS(...) ((const char *[]){__VA_ARGS__, NULL})

static void assert_refused(const char *const *args, const char *const *environment, const char *why)
{
    if (read_all(args, environment)) fail_msg("accepted; expected: %s", why);
    if (!strstr(fault.ptr, why)) fail_msg("expected: %s, got: %s", why, fault.ptr);
}

/* Writes `text` to a new file; the caller unlinks it. */
static const char *file_with(struct slice text)
{
    static char path[64];
    snprintf(path, sizeof(path), "/tmp/agizo-config-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text.ptr, text.len), text.len);
    close(fd);
    return path;
}

static bool read_file_text(struct slice text)
{
    char argument[96];
    const char *path = file_with(text);
    snprintf(argument, sizeof(argument), "--config=%s", path);
    bool good = read_all(ARGS(argument), NULL);
    unlink(path);
    return good;
}

static void assert_file_refused(const char *text, const char *why)
{
    assert_false(read_file_text(slice_of(text)));
    if (!strstr(fault.ptr, why)) fail_msg("expected: %s, got: %s", why, fault.ptr);
}

static void defaults_hold_without_sources(void **state)
{
    (void)state;
    assert_true(read_all(NULL, NULL));
    assert_string_equal(config.listen, "127.0.0.1:8080");
    assert_string_equal(config.database, "sqlite:agizo.db");
    assert_string_equal(config.at_api_key, "");
    assert_int_equal(config.workers, 0);
    assert_int_equal(config.sms_in_flight, 32);
    config_deinit(&config);
}

static void later_sources_win(void **state)
{
    char argument[96];
    (void)state;
    const char *path = file_with(SLICE("listen = file\nadmin_listen = file\npublic_url = file\n"));
    snprintf(argument, sizeof(argument), "--config=%s", path);
    assert_true(read_all(ARGS("--listen=argument", argument),
        ARGS("AGIZO_LISTEN=environment", "AGIZO_ADMIN_LISTEN=environment", "PATH=/bin")));
    unlink(path);
    assert_string_equal(config.listen, "argument");
    assert_string_equal(config.admin_listen, "environment");
    assert_string_equal(config.public_url, "file");
    assert_string_equal(config.oidc_audience, "agizo");
    config_deinit(&config);
}

static void keys_have_several_spellings(void **state)
{
    (void)state;
    assert_true(read_all(ARGS("--oidc-issuer=a", "--oidc_audience", "b", "--AGIZO_AT_URL=c",
                             "--agizo-sms-sender", "d=e", "--workers=256", "--at_username="),
        NULL));
    assert_string_equal(config.oidc_issuer, "a");
    assert_string_equal(config.oidc_audience, "b");
    assert_string_equal(config.at_url, "c");
    assert_string_equal(config.sms_sender, "d=e");
    assert_string_equal(config.at_username, "");
    assert_int_equal(config.workers, 256);
    config_deinit(&config);
}

static void a_file_has_comments_and_blanks(void **state)
{
    (void)state;
    assert_true(read_file_text(SLICE("# a comment\n\n  # another\r\n"
                                     "  listen=\t a#b = c \r\n"
                                     "AGIZO_SMS_TIMEOUT = 5\n"
                                     "oidc-client-secret = " SECRET_VALUE "\n"
                                     "public_url =")));
    assert_string_equal(config.listen, "a#b = c");
    assert_int_equal(config.sms_timeout, 5);
    assert_string_equal(config.oidc_client_secret, SECRET_VALUE);
    assert_string_equal(config.public_url, "");
    config_deinit(&config);
}

static void a_file_of_another_shape_is_refused(void **state)
{
    (void)state;
    assert_file_refused("listen = a\nno separator\n", "line 2 of the configuration file");
    assert_file_refused("\n= value\n", "line 2 of the configuration file");
    assert_file_refused("listn = a\n", "listn in the configuration file is not a setting");
    assert_file_refused(
        "listen = a\nLISTEN = b\n", "AGIZO_LISTEN in the configuration file is set twice");
    assert_file_refused("config = other\n", "config in the configuration file is not a setting");
    assert_file_refused("at_api_key = \x01" SECRET_VALUE "\n", "AGIZO_AT_API_KEY");
    assert_file_refused("workers = " SECRET_VALUE "\n",
        "AGIZO_WORKERS in the configuration file must be a whole number from 0 to 256");
    assert_false(read_file_text(SLICE("listen = a\0b\n")));
}

static void an_unreadable_file_is_refused(void **state)
{
    (void)state;
    assert_refused(ARGS("--config=/nonexistent/agizo.conf"), NULL,
        "the configuration file /nonexistent/agizo.conf cannot be read: No such file");
    assert_refused(ARGS("--config", "/"), NULL, "cannot be read");
    CLEANUP(buf_deinit)
    struct buf large;
    buf_init(&large, 70000);
    while (large.len < 66000) buf_put_text(&large, "# filling\n");
    assert_false(read_file_text(buf_slice(&large)));
    assert_non_null(strstr(fault.ptr, "too large"));
}

static void arguments_of_another_shape_are_refused(void **state)
{
    (void)state;
    assert_refused(ARGS("--listn=a"), NULL, "listn in the arguments is not a setting");
    assert_refused(ARGS("--listen"), NULL, "listen in the arguments has no value");
    assert_refused(ARGS("--listen=a", SECRET_VALUE), NULL, "an argument does not start with --");
    assert_refused(ARGS("--", "a"), NULL, "an argument does not start with --");
    assert_refused(ARGS("--=a"), NULL, "is not a setting");
    assert_refused(ARGS("-listen=a"), NULL, "an argument does not start with --");
    assert_refused(
        ARGS("--listen=a", "--agizo-listen=b"), NULL, "AGIZO_LISTEN in the arguments is set twice");
    assert_refused(ARGS("--config=/dev/null", "--config=/dev/null"), NULL,
        "config in the arguments is set twice");
    assert_refused(ARGS("--oidc-issuer-file=/dev/null"), NULL, "is not a setting");
}

static void the_environment_knows_only_settings(void **state)
{
    (void)state;
    assert_refused(NULL, ARGS("AGIZO_LISTN=a"), "AGIZO_LISTN in the environment is not a setting");
    assert_refused(NULL, ARGS("AGIZO_=a"), "AGIZO_ in the environment is not a setting");
    assert_refused(NULL, ARGS("AGIZO_LISTEN_FILE=/dev/null"), "AGIZO_LISTEN_FILE");
    assert_refused(NULL, ARGS("AGIZO_AT_API_KEY=a", "AGIZO_AT_API_KEY_FILE=/dev/null"),
        "AGIZO_AT_API_KEY in the environment is set twice");
    assert_true(
        read_all(NULL, ARGS("AGIZO_BIN=b", "AGIZO_TEST_X=t", "AGIZOS=x", "agizo_x=y", "LISTEN=z")));
    assert_string_equal(config.listen, "127.0.0.1:8080");
    config_deinit(&config);
}

static void numbers_keep_their_bounds(void **state)
{
    static const char *const bad[] = {"AGIZO_SMS_IN_FLIGHT=0", "AGIZO_SMS_IN_FLIGHT=257",
        "AGIZO_SMS_IN_FLIGHT=", "AGIZO_SMS_IN_FLIGHT=-1", "AGIZO_SMS_IN_FLIGHT=+1",
        "AGIZO_SMS_IN_FLIGHT= 1", "AGIZO_SMS_IN_FLIGHT=1.0", "AGIZO_SMS_IN_FLIGHT=0x10",
        "AGIZO_SMS_IN_FLIGHT=99999999999999999999"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_refused(NULL, ARGS(bad[i]),
            "AGIZO_SMS_IN_FLIGHT in the environment must be a whole number from 1 to 256");
    }
    assert_true(read_all(NULL, ARGS("AGIZO_SMS_IN_FLIGHT=1", "AGIZO_OIDC_STALE=86400")));
    assert_int_equal(config.sms_in_flight, 1);
    assert_int_equal(config.oidc_stale, 86400);
    config_deinit(&config);
}

static void texts_are_printable_utf8(void **state)
{
    (void)state;
    assert_refused(NULL, ARGS("AGIZO_SMS_SENDER=a\nb"),
        "AGIZO_SMS_SENDER in the environment must be UTF-8 text");
    assert_refused(NULL, ARGS("AGIZO_SMS_SENDER=a\xff"), "AGIZO_SMS_SENDER");
    assert_refused(NULL, ARGS("AGIZO_AT_API_KEY=" SECRET_VALUE "\x7f"), "AGIZO_AT_API_KEY");
    assert_true(read_all(NULL, ARGS("AGIZO_SMS_SENDER=Zoë ✓")));
    assert_string_equal(config.sms_sender, "Zoë ✓");
    config_deinit(&config);
}

static void expect_secret_from(struct slice content, const char *expected)
{
    char variable[128], argument[128];
    const char *path = file_with(content);
    snprintf(variable, sizeof(variable), "AGIZO_AT_API_KEY_FILE=%s", path);
    snprintf(argument, sizeof(argument), "--oidc-client-secret-file=%s", path);
    bool good = read_all(ARGS(argument), ARGS(variable));
    unlink(path);
    assert_true(good == (expected != NULL));
    if (!good) return;
    assert_string_equal(config.at_api_key, expected);
    assert_string_equal(config.oidc_client_secret, expected);
    config_deinit(&config);
}

static void secrets_come_from_files(void **state)
{
    (void)state;
    expect_secret_from(SLICE(SECRET_VALUE), SECRET_VALUE);
    expect_secret_from(SLICE(SECRET_VALUE "\n"), SECRET_VALUE);
    expect_secret_from(SLICE(SECRET_VALUE "\r\n"), SECRET_VALUE);
    expect_secret_from(SLICE(" " SECRET_VALUE " \n"), " " SECRET_VALUE " ");
    expect_secret_from(SLICE(""), "");
    expect_secret_from(SLICE(SECRET_VALUE "\n\n"), NULL);
    expect_secret_from(SLICE(SECRET_VALUE "\0"), NULL);
    assert_refused(NULL, ARGS("AGIZO_AT_API_KEY_FILE=/nonexistent/key"),
        "AGIZO_AT_API_KEY in the environment names a file that cannot be read: No such file");
    assert_refused(NULL, ARGS("AGIZO_AT_API_KEY_FILE="), "cannot be read");
}

static void showing_keeps_secrets(void **state)
{
    CLEANUP(buf_deinit)
    struct buf out;
    const char *reason;
    (void)state;
    buf_init(&out, 1 << 16);
    assert_true(
        read_all(ARGS("--at-api-key=" SECRET_VALUE, "--database=postgres://u:" SECRET_VALUE "@h/n",
                     "--sms-sender=say \"hi\""),
            NULL));
    config_format_redacted(&config, &out);
    CLEANUP(json_release)
    json_t *shown = json_decode(buf_slice(&out), 1, &reason);
    assert_non_null(shown);
    buf_put_char(&out, '\0');
    assert_null(strstr(out.ptr, SECRET_VALUE));
    assert_string_equal(json_string_value(json_object_get(shown, "at_api_key")), "set");
    assert_string_equal(json_string_value(json_object_get(shown, "database")), "set");
    assert_string_equal(json_string_value(json_object_get(shown, "sms_callback_secret")), "");
    assert_string_equal(json_string_value(json_object_get(shown, "sms_sender")), "say \"hi\"");
    assert_int_equal(json_integer_value(json_object_get(shown, "oidc_refresh")), 300);
    config_deinit(&config);
}

static void help_has_a_line_per_setting(void **state)
{
    CLEANUP(buf_deinit)
    struct buf out;
    size_t settings = 0, lines = 0;
    (void)state;
    buf_init(&out, 1 << 16);
    config_format_help(&out);
    buf_put_char(&out, '\0');
#define COUNT(field, name, preset, least, most, help) TEXT(field, name, #preset, help)
#define SECONDS(field, name, preset, least, most, help) TEXT(field, name, #preset, help)
#define SECRET(field, name, preset, help) TEXT(field, name, preset, help)
#define TEXT(field, name, preset, help)                                                            \
    settings++;                                                                                    \
    assert_non_null(strstr(out.ptr, "  " name " "));                                               \
    assert_non_null(strstr(out.ptr, help));                                                        \
    assert_non_null(strstr(out.ptr, preset));
#include "core/config.def"
#undef TEXT
    for (const char *at = out.ptr; (at = strchr(at, '\n')); at++) lines++;
    assert_int_equal(lines, settings);
}

static void the_paper_has_a_row_per_setting(void **state)
{
    static char paper[1 << 16];
    size_t settings = 0, rows = 0;
    (void)state;
    FILE *file = fopen("docs/settings.md", "r");
    assert_non_null(file);
    paper[fread(paper, 1, sizeof(paper) - 1, file)] = '\0';
    fclose(file);
#undef COUNT
#undef SECONDS
#define COUNT(field, name, preset, least, most, help)                                              \
    ROW(name, "`" #preset "`", help " (" #least " to " #most ")")
#define SECONDS(field, name, preset, least, most, help)                                            \
    COUNT(field, name, preset, least, most, help)
#define TEXT(field, name, preset, help) ROW(name, sizeof(preset) > 1 ? "`" preset "`" : "", help)
#define ROW(name, preset, help)                                                                    \
    settings++;                                                                                    \
    {                                                                                              \
        char row[512];                                                                             \
        snprintf(row, sizeof(row), "\n| `%s` | %s | %s", name, preset, help);                      \
        if (!strstr(paper, row)) fail_msg("docs/settings.md has no row %s", row + 1);              \
    }
#include "core/config.def"
    for (const char *at = paper; (at = strstr(at, "\n| `AGIZO_")); at++) rows++;
    assert_int_equal(rows, settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_hold_without_sources),
        cmocka_unit_test(later_sources_win),
        cmocka_unit_test(keys_have_several_spellings),
        cmocka_unit_test(a_file_has_comments_and_blanks),
        cmocka_unit_test(a_file_of_another_shape_is_refused),
        cmocka_unit_test(an_unreadable_file_is_refused),
        cmocka_unit_test(arguments_of_another_shape_are_refused),
        cmocka_unit_test(the_environment_knows_only_settings),
        cmocka_unit_test(numbers_keep_their_bounds),
        cmocka_unit_test(texts_are_printable_utf8),
        cmocka_unit_test(secrets_come_from_files),
        cmocka_unit_test(showing_keeps_secrets),
        cmocka_unit_test(help_has_a_line_per_setting),
        cmocka_unit_test(the_paper_has_a_row_per_setting),
    };
    buf_init(&fault, 4096);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    buf_deinit(&fault);
    return failed;
}
