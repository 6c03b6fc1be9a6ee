/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings, applied from the weakest source to the strongest: defaults, file, environment, arguments.
 *
 * A key names its setting with or without AGIZO_, in either case, with - or _ between its words; with _FILE behind it, a secret's
 * value stands in the file named. Nothing is guessed: an unknown key, a key twice in one source, a value out of bounds or with
 * control characters ends the reading with a line that names source and setting, and never shows a value.
 *
 * Called by main at boot, before any other thread. Texts belong to the struct until config_deinit().
 * Limits: FILE_MAX bytes in a file; a `#` starts a comment only at the start of a line, since passwords may hold one.
 */
#include "core/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "core/check.h"
#include "core/json.h"

#define FILE_MAX 65536
#define PREFIX SLICE("AGIZO_")
#define FILE_SUFFIX SLICE("_FILE")

enum kind { KIND_TEXT, KIND_SECRET, KIND_COUNT, KIND_SECONDS };

/* In order of strength. */
enum source { SOURCE_NONE, SOURCE_DEFAULT, SOURCE_FILE, SOURCE_ENVIRONMENT, SOURCE_ARGUMENTS };

static const char *const source_texts[] = {
    "", "the defaults", "the configuration file", "the environment", "the arguments"};

struct setting {
    enum kind kind;
    size_t offset;
    const char *field, *name;
    const char *preset;                 /* of texts and secrets */
    int64_t preset_number, least, most; /* of numbers */
    const char *help;
};

static const struct setting settings[] = {
#define TEXT(field, name, preset, help)                                                            \
    {KIND_TEXT, offsetof(struct config, field), #field, name, preset, 0, 0, 0, help},
#define SECRET(field, name, preset, help)                                                          \
    {KIND_SECRET, offsetof(struct config, field), #field, name, preset, 0, 0, 0, help},
#define COUNT(field, name, preset, least, most, help)                                              \
    {KIND_COUNT, offsetof(struct config, field), #field, name, "", preset, least, most, help},
#define SECONDS(field, name, preset, least, most, help)                                            \
    {KIND_SECONDS, offsetof(struct config, field), #field, name, "", preset, least, most, help},
#include "core/config.def"
#undef TEXT
#undef SECRET
#undef COUNT
#undef SECONDS
};

struct reading {
    struct config *config;
    enum source source;
    enum source set_by[ARRAY_LEN(settings)];
    struct buf *fault;
};

/* --- Fields of the struct by their rows --- */

static bool numeric(const struct setting *setting)
{
    return setting->kind == KIND_COUNT || setting->kind == KIND_SECONDS;
}

static char *text_of(const struct config *config, const struct setting *setting)
{
    char *text;
    memcpy(&text, (const char *)config + setting->offset, sizeof(text));
    return text;
}

static int64_t number_of(const struct config *config, const struct setting *setting)
{
    int64_t number;
    memcpy(&number, (const char *)config + setting->offset, sizeof(number));
    return number;
}

static void store_text(struct config *config, const struct setting *setting, struct slice value)
{
    char *copy = memory_zeroed(value.len + 1);
    if (value.len > 0) memcpy(copy, value.ptr, value.len);
    free(text_of(config, setting));
    memcpy((char *)config + setting->offset, &copy, sizeof(copy));
}

static void store_number(struct config *config, const struct setting *setting, int64_t number)
{
    memcpy((char *)config + setting->offset, &number, sizeof(number));
}

void config_deinit(struct config *config)
{
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        if (!numeric(&settings[i])) free(text_of(config, &settings[i]));
    }
    memset(config, 0, sizeof(*config));
}

static void store_defaults(struct config *config)
{
    memset(config, 0, sizeof(*config));
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        const struct setting *setting = &settings[i];
        if (numeric(setting)) {
            store_number(config, setting, setting->preset_number);
        } else {
            store_text(config, setting, slice_of(setting->preset));
        }
    }
}

/* --- One key and its value --- */

/* Always false, so that a refusal is one statement. A key that is not one of ours may be a misplaced secret: shown cut. */
static bool refuse_key(struct reading *reading, struct slice key, const char *why)
{
    if (key.len > 64) key.len = 64;
    buf_printf(reading->fault, "%.*s in %s %s", SLICE_ARG(key), source_texts[reading->source], why);
    return false;
}

static bool refuse(struct reading *reading, const struct setting *setting, const char *why)
{
    return refuse_key(reading, slice_of(setting->name), why);
}

static char key_char(char c)
{
    return c == '-' ? '_' : c;
}

/* Whether `key` spells `name`; all characters of the key count. */
static bool spells(struct slice key, struct slice name)
{
    if (key.len != name.len) return false;
    for (size_t i = 0; i < key.len; i++) {
        char c = key_char(key.ptr[i]);
        if (!slice_equal_nocase((struct slice){&c, 1}, (struct slice){name.ptr + i, 1})) {
            return false;
        }
    }
    return true;
}

static const struct setting *find_setting(struct slice key)
{
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        struct slice name = slice_of(settings[i].name);
        if (spells(key, name) || spells(key, slice_skip(name, PREFIX.len))) return &settings[i];
    }
    return NULL;
}

/* The secret whose file `key` names, e.g. AGIZO_AT_API_KEY_FILE. */
static const struct setting *find_secret_file(struct slice key)
{
    if (key.len <= FILE_SUFFIX.len) return NULL;
    struct slice stem = {key.ptr, key.len - FILE_SUFFIX.len};
    if (!spells(slice_skip(key, stem.len), FILE_SUFFIX)) return NULL;
    const struct setting *setting = find_setting(stem);
    return setting && setting->kind == KIND_SECRET ? setting : NULL;
}

static bool printable(struct slice value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        if (c < 0x20 || c == 0x7f) return false;
    }
    return utf8_valid(value);
}

static bool set_number(struct reading *reading, const struct setting *setting, struct slice value)
{
    uint64_t number;
    char why[96];
    if (slice_to_u64(value, (uint64_t)setting->most, &number) &&
        (int64_t)number >= setting->least) {
        store_number(reading->config, setting, (int64_t)number);
        return true;
    }
    snprintf(why, sizeof(why), "must be a whole number from %lld to %lld",
        (long long)setting->least, (long long)setting->most);
    return refuse(reading, setting, why);
}

static bool set_value(struct reading *reading, const struct setting *setting, struct slice value)
{
    enum source *set_by = &reading->set_by[setting - settings];
    if (*set_by == reading->source) return refuse(reading, setting, "is set twice");
    *set_by = reading->source;
    if (numeric(setting)) return set_number(reading, setting, value);
    if (!printable(value)) {
        return refuse(reading, setting, "must be UTF-8 text without control characters");
    }
    store_text(reading->config, setting, value);
    return true;
}

static void close_file(int *fd)
{
    if (*fd >= 0) close(*fd);
}

/* The whole file into `text`, or an errno. */
static int read_file(const char *path, struct buf *text)
{
    CLEANUP(close_file)
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return errno;
    for (;;) {
        char part[4096];
        ssize_t len = read(fd, part, sizeof(part));
        if (len < 0 && errno == EINTR) continue;
        if (len < 0) return errno;
        if (len == 0) return 0;
        buf_put(text, (struct slice){part, (size_t)len});
        if (!buf_ok(text)) return EFBIG;
    }
}

static bool set_from_file(struct reading *reading, const struct setting *setting, struct slice path)
{
    char why[160];
    CLEANUP(buf_deinit)
    struct buf text;
    CLEANUP(memory_release)
    char *name = memory_zeroed(path.len + 1);
    memcpy(name, path.ptr, path.len);
    buf_init(&text, FILE_MAX);
    int error = read_file(name, &text);
    if (error) {
        snprintf(why, sizeof(why), "names a file that cannot be read: %s", strerror(error));
        return refuse(reading, setting, why);
    }
    /* Editors and `echo` end a file with a line end; it is not part of the secret. */
    struct slice value = buf_slice(&text);
    if (value.len > 0 && value.ptr[value.len - 1] == '\n') value.len--;
    if (value.len > 0 && value.ptr[value.len - 1] == '\r') value.len--;
    return set_value(reading, setting, value);
}

static bool set_key(struct reading *reading, struct slice key, struct slice value)
{
    const struct setting *setting = find_setting(key);
    if (setting) return set_value(reading, setting, value);
    setting = find_secret_file(key);
    if (setting) return set_from_file(reading, setting, value);
    return refuse_key(reading, key, "is not a setting");
}

/* --- The sources --- */

static bool read_line(struct reading *reading, struct slice line, int number)
{
    if (line.len > 0 && line.ptr[line.len - 1] == '\r') line.len--;
    struct slice value = slice_trim(line);
    if (value.len == 0 || value.ptr[0] == '#') return true;
    struct slice key = slice_trim(slice_cut(&value, '='));
    if (!slice_present(value) || key.len == 0) {
        buf_printf(
            reading->fault, "line %d of the configuration file is not `key = value`", number);
        return false;
    }
    return set_key(reading, key, slice_trim(value));
}

static bool read_config_file(struct reading *reading, const char *path)
{
    CLEANUP(buf_deinit)
    struct buf text;
    buf_init(&text, FILE_MAX);
    int error = read_file(path, &text);
    if (error) {
        buf_printf(
            reading->fault, "the configuration file %s cannot be read: %s", path, strerror(error));
        return false;
    }
    reading->source = SOURCE_FILE;
    struct slice rest = buf_slice(&text);
    for (int number = 1; slice_present(rest); number++) {
        if (!read_line(reading, slice_cut(&rest, '\n'), number)) return false;
    }
    return true;
}

/* Names that the tree's own test runner hands through. */
static bool test_variable(struct slice key)
{
    return slice_equal(key, SLICE("AGIZO_BIN")) || slice_starts(key, SLICE("AGIZO_TEST_"));
}

static bool read_environment(struct reading *reading, char *const *environment)
{
    reading->source = SOURCE_ENVIRONMENT;
    for (; *environment; environment++) {
        struct slice value = slice_of(*environment);
        struct slice key = slice_cut(&value, '=');
        if (!slice_starts(key, PREFIX) || test_variable(key)) continue;
        if (!set_key(reading, key, value)) return false;
    }
    return true;
}

/* Takes `--key=value` or `--key value` from the front of `*args`. */
static bool take_argument(
    struct reading *reading, char *const **args, struct slice *key, struct slice *value)
{
    struct slice word = slice_of(*(*args)++);
    if (!slice_starts(word, SLICE("--")) || word.len == 2) {
        /* Not shown: it may be the value of a secret that lost its key. */
        buf_put_text(reading->fault, "an argument does not start with --");
        return false;
    }
    *value = slice_skip(word, 2);
    *key = slice_cut(value, '=');
    if (slice_present(*value)) return true;
    if (!**args) return refuse_key(reading, *key, "has no value");
    *value = slice_of(*(*args)++);
    return true;
}

/* With `path` set looks for --config alone, else reads everything but that. */
static bool read_arguments(struct reading *reading, char *const *args, const char **path)
{
    struct slice key, value;
    reading->source = SOURCE_ARGUMENTS;
    while (*args) {
        if (!take_argument(reading, &args, &key, &value)) return false;
        bool names_file = slice_equal(key, SLICE("config"));
        if (names_file && path && *path) return refuse_key(reading, key, "is set twice");
        if (names_file && path) *path = value.ptr; /* runs to the end of its word */
        if (!names_file && !path && !set_key(reading, key, value)) return false;
    }
    return true;
}

bool config_read(
    struct config *config, char *const *args, char *const *environment, struct buf *fault)
{
    struct reading reading = {.config = config, .fault = fault};
    const char *path = NULL;
    store_defaults(config);
    if (read_arguments(&reading, args, &path) && (!path || read_config_file(&reading, path)) &&
        read_environment(&reading, environment) && read_arguments(&reading, args, NULL)) {
        return true;
    }
    config_deinit(config);
    return false;
}

/* --- Showing --- */

void config_format_redacted(const struct config *config, struct buf *out)
{
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        const struct setting *setting = &settings[i];
        buf_printf(out, "%s\"%s\":", i == 0 ? "{" : ",", setting->field);
        if (numeric(setting)) {
            buf_put_i64(out, number_of(config, setting));
        } else if (setting->kind == KIND_SECRET) {
            buf_put_text(out, text_of(config, setting)[0] ? "\"set\"" : "\"\"");
        } else {
            json_put_text(out, slice_of(text_of(config, setting)));
        }
    }
    buf_put_char(out, '}');
}

void config_format_help(struct buf *out)
{
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        const struct setting *setting = &settings[i];
        buf_printf(out, "  %-28s %s", setting->name, setting->help);
        if (numeric(setting)) {
            buf_printf(out, " [%lld; %lld to %lld]", (long long)setting->preset_number,
                (long long)setting->least, (long long)setting->most);
        } else if (setting->preset[0]) {
            buf_printf(out, " [%s]", setting->preset);
        }
        buf_put_text(out, setting->kind == KIND_SECRET ? " (or …_FILE)\n" : "\n");
    }
}
