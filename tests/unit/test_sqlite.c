/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is SQLite's own: the file and its lock, migrations, a killed process, a disk that refuses writes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "store_fixture.h"
#include "store_sample.h"

#define SCHEME_LEN (sizeof("sqlite:") - 1)

/* One case: a folder of its own, and the setting of a database in it. */
struct place {
    char folder[64], database[80];
    struct fixture fixture;
};

static int make_place(void **state)
{
    struct place *place = memory_zeroed(sizeof(*place));
    snprintf(place->folder, sizeof(place->folder), "/tmp/agizo-sqlite-XXXXXX");
    if (!mkdtemp(place->folder)) return -1;
    snprintf(place->database, sizeof(place->database), "sqlite:%.40s/a.db", place->folder);
    *state = place;
    return 0;
}

static int remove_place(void **state)
{
    static const char *const names[] = {"a.db", "a.db-wal", "a.db-shm", "a.db.lock"};
    struct place *place = *state;
    char path[128];
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", place->folder, names[i]);
        (void)unlink(path);
    }
    int left = rmdir(place->folder);
    free(place);
    return left;
}

static const char *path_of(const struct place *place)
{
    return place->database + SCHEME_LEN;
}

static struct store *open_at(const char *database)
{
    static atomic_size_t nudges;
    struct store_hooks hooks = {&nudges, compose, render_customer, render_order, count_nudge};
    return store_open(&(struct store_options){database, hooks});
}

static enum err migrate_at(const char *database)
{
    return store_migrate(&(struct store_options){.database = database});
}

static void script(const struct place *place, const char *text)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path_of(place), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void keeps_the_file_to_its_owner(void **state)
{
    struct place *place = *state;
    struct stat info;
    mode_t mask = umask(0);
    fixture_start(&place->fixture, place->database);
    umask(mask);
    add_customer(&place->fixture, "C1");
    assert_int_equal(stat(path_of(place), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    fixture_stop(&place->fixture);
}

static void a_second_service_on_one_file_refuses(void **state)
{
    struct place *place = *state;
    struct store *first = open_at(place->database);
    assert_non_null(first);
    assert_true(store_ready(first));
    assert_null(open_at(place->database));
    assert_int_equal(migrate_at(place->database), ERR_UNAVAILABLE);
    store_close(first);
    struct store *next = open_at(place->database);
    assert_non_null(next);
    store_close(next);
}

static void keeps_rows_and_secret_over_a_restart(void **state)
{
    struct place *place = *state;
    char secret[DIGEST_LEN];
    assert_int_equal(migrate_at(place->database), ERR_OK);
    fixture_start(&place->fixture, place->database);
    memcpy(secret, store_secret(place->fixture.store).ptr, sizeof(secret));
    add_customer(&place->fixture, "C1");
    struct uuid id = add_order(&place->fixture, "C1", NOW);
    fixture_stop(&place->fixture);

    memset(&place->fixture, 0, sizeof(place->fixture));
    fixture_start(&place->fixture, place->database);
    assert_memory_equal(store_secret(place->fixture.store).ptr, secret, sizeof(secret));
    assert_text(get_message(&place->fixture, id)->customer, "C1");
    fixture_stop(&place->fixture);
}

/* In a process of its own: one order, then death without a goodbye. Its message's id goes through the pipe. */
static void order_and_die(struct place *place, int out)
{
    fixture_start(&place->fixture, place->database);
    add_customer(&place->fixture, "C1");
    struct uuid id = add_order(&place->fixture, "C1", NOW);
    if (write(out, id.bytes, sizeof(id.bytes)) == sizeof(id.bytes)) raise(SIGKILL);
    _exit(1);
}

static void what_was_answered_survives_a_kill(void **state)
{
    struct place *place = *state;
    struct uuid id;
    int ends[2], status = 0;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) order_and_die(place, ends[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(read(ends[0], id.bytes, sizeof(id.bytes)), sizeof(id.bytes));
    close(ends[0]);
    close(ends[1]);
    fixture_start(&place->fixture, place->database);
    assert_id(get_message(&place->fixture, id)->id, id);
    fixture_stop(&place->fixture);
}

static void refuses_the_schema_of_a_newer_version(void **state)
{
    struct place *place = *state;
    assert_int_equal(migrate_at(place->database), ERR_OK);
    script(place, "insert into schema_migrations values (9999, 'future', 0)");
    assert_null(open_at(place->database));
    assert_int_equal(migrate_at(place->database), ERR_UNAVAILABLE);
}

static void a_migration_that_fails_leaves_nothing(void **state)
{
    struct place *place = *state;
    script(place, "create table messages (a)");
    assert_null(open_at(place->database));
    /* customers was made before messages failed, and went with it. */
    script(place, "drop table messages; create table customers (a); drop table customers");
    assert_int_equal(migrate_at(place->database), ERR_OK);
}

static void refuses_what_is_no_database(void **state)
{
    struct place *place = *state;
    static const char *const databases[] = {
        "sqlite:", "sqlite::memory:", "sqlite:/nowhere/at/all.db"};
    for (size_t i = 0; i < ARRAY_LEN(databases); i++) {
        assert_null(open_at(databases[i]));
        assert_int_equal(migrate_at(databases[i]), ERR_UNAVAILABLE);
    }
    int fd = open(path_of(place), O_WRONLY | O_CREAT, 0600);
    char page[4096];
    memset(page, 'x', sizeof(page));
    assert_int_equal(write(fd, page, sizeof(page)), sizeof(page));
    close(fd);
    assert_null(open_at(place->database));
}

static void set_file_limit(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A limit on the size of files stands for the disk: each write past it fails. */
static void a_disk_without_room_refuses_writes_only(void **state)
{
    struct place *place = *state;
    struct fixture *fixture = &place->fixture;
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    struct rlimit limit;
    assert_int_equal(sigaction(SIGXFSZ, &ignore, &before), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    fixture_start(fixture, place->database);
    add_customer(fixture, "C1");
    struct uuid id = add_order(fixture, "C1", NOW);

    set_file_limit(4096);
    struct store_op *ops[40];
    for (size_t i = 0; i < ARRAY_LEN(ops); i++) ops[i] = &new_order(fixture, "C1")->base;
    run_all(fixture, ops, ARRAY_LEN(ops), CLIENTS);
    for (size_t i = 0; i < ARRAY_LEN(ops); i++) assert_int_equal(ops[i]->op.err, ERR_UNAVAILABLE);
    assert_false(store_ready(fixture->store));
    assert_int_equal(get_message(fixture, id)->state, MESSAGE_QUEUED);

    set_file_limit(limit.rlim_cur);
    struct uuid next = add_order(fixture, "C1", NOW);
    assert_true(store_ready(fixture->store));
    assert_int_equal(get_message(fixture, next)->state, MESSAGE_QUEUED);
    fixture_stop(fixture);
    assert_int_equal(sigaction(SIGXFSZ, &before, NULL), 0);
}

/* Enough writes for the log to be folded into the file several times while it is read. */
static void folds_the_log_under_load(void **state)
{
    struct place *place = *state;
    struct fixture *fixture = &place->fixture;
    struct store_op *ops[2000];
    struct stat info;
    fixture_start(fixture, place->database);
    add_customer(fixture, "C1");
    for (int round = 0; round < 4; round++) {
        for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
            if (i % 4) {
                ops[i] = &new_order(fixture, "C1")->base;
            } else {
                struct store_get *op = make(fixture, STORE_MESSAGE_GET, sizeof(*op));
                ops[i] = &op->base;
            }
        }
        run_all(fixture, ops, ARRAY_LEN(ops), CLIENTS);
        for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
            assert_int_equal(ops[i]->op.err, i % 4 ? ERR_OK : ERR_NOT_FOUND);
        }
    }
    assert_int_equal(stat(path_of(place), &info), 0);
    assert_true(info.st_size > 1000000);
    fixture_stop(fixture);
    /* Closed in order, the file stands alone. */
    char wal[96];
    snprintf(wal, sizeof(wal), "%s-wal", path_of(place));
    assert_int_equal(access(wal, F_OK), -1);
}

#define EDITORS 40

/* A suppression that breaks a constraint stands for any fault: its batch is rolled back, and run again member by member. */
static void a_batch_that_is_run_again_changes_once(void **state)
{
    struct place *place = *state;
    struct fixture *fixture = &place->fixture;
    struct store_op *ops[2 * EDITORS];
    fixture_start(fixture, place->database);
    for (size_t i = 0; i < EDITORS; i++) {
        struct store_template_put *put = make(fixture, STORE_TEMPLATE_PUT, sizeof(*put));
        put->row = (struct template){.language = arena_format(fixture_arena(fixture), "l%zu", i),
            .text = SLICE("text"),
            .updated_by = SLICE("asha")};
        struct store_suppression_add *bad = make(fixture, STORE_SUPPRESSION_ADD, sizeof(*bad));
        bad->row = (struct suppression){.id = uuid_new(),
            .phone = SLICE("no number"),
            .source = SLICE("manual"),
            .created_by = SLICE("asha")};
        ops[2 * i] = &put->base;
        ops[2 * i + 1] = &bad->base;
    }
    run_all(fixture, ops, ARRAY_LEN(ops), CLIENTS);
    for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
        assert_int_equal(ops[i]->op.err, i % 2 ? ERR_INTERNAL : ERR_OK);
        if (i % 2) continue;
        assert_int_equal(CONTAINER_OF(ops[i], struct store_template_put, base)->version, 1);
    }
    fixture_stop(fixture);
}

#define LOG_ORDERS                                                                                 \
    2000 /* of 1 KB and its indexes: with the log already long, soon past the length at which it is cut by force */
#define LOG_ROUNDS 20

/* A backup, say, that reads for a long time keeps the log from starting over. Waiting for it must not become every batch's burden. */
static void a_long_reader_holds_nobody_up_for_long(void **state)
{
    struct place *place = *state;
    struct fixture *fixture = &place->fixture;
    static struct store_op *ops[LOG_ORDERS];
    sqlite3 *reader = NULL;
    fixture_start(fixture, place->database);
    add_customer(fixture, "C1");
    assert_int_equal(sqlite3_open(path_of(place), &reader), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(reader, "begin; select * from orders", NULL, NULL, NULL), SQLITE_OK);
    for (int round = 0; round < LOG_ROUNDS; round++) {
        for (size_t i = 0; i < LOG_ORDERS; i++) ops[i] = &new_order(fixture, "C1")->base;
        run_all(fixture, ops, LOG_ORDERS, CLIENTS);
    }
    int64_t start = clock_mono_ms();
    for (int i = 0; i < 10; i++) add_order(fixture, "C1", NOW);
    assert_true(clock_mono_ms() - start < 5000);
    assert_int_equal(sqlite3_close(reader), SQLITE_OK);
    fixture_stop(fixture);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, make_place, remove_place)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(keeps_the_file_to_its_owner),
        CASE(a_second_service_on_one_file_refuses),
        CASE(keeps_rows_and_secret_over_a_restart),
        CASE(what_was_answered_survives_a_kill),
        CASE(refuses_the_schema_of_a_newer_version),
        CASE(a_migration_that_fails_leaves_nothing),
        CASE(refuses_what_is_no_database),
        CASE(a_disk_without_room_refuses_writes_only),
        CASE(a_batch_that_is_run_again_changes_once),
        CASE(folds_the_log_under_load),
        CASE(a_long_reader_holds_nobody_up_for_long),
    };
    return cmocka_run_group_tests_name("sqlite", tests, NULL, NULL);
}
