/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract of store/template.h, held against both stores.
 */
#include "store/template.h"

#include "entry_sample.h"

static struct store_template_put *new_put(
    struct fixture *fixture, enum message_event event, const char *language, int64_t version)
{
    struct store_template_put *op = make(fixture, STORE_TEMPLATE_PUT, sizeof(*op));
    op->row = (struct template){.event = event,
        .language = slice_of(language),
        .text = SLICE("Habari {name} \xe2\x80\x93 {item}"),
        .enabled = true,
        .updated_by = SLICE("asha"),
        .version = version,
        .updated_at = NOW};
    op->entry = entry_of(AUDIT_TEMPLATE_CHANGED, "template");
    return op;
}

static int64_t put(
    struct fixture *fixture, enum message_event event, const char *language, int64_t version)
{
    struct store_template_put *op = new_put(fixture, event, language, version);
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    return op->version;
}

static struct store_template_remove *new_remove(
    struct fixture *fixture, const char *language, int64_t version)
{
    struct store_template_remove *op = make(fixture, STORE_TEMPLATE_REMOVE, sizeof(*op));
    op->event = MESSAGE_ORDER_RECEIVED;
    op->language = slice_of(language);
    op->version = version;
    op->entry = entry_of(AUDIT_TEMPLATE_REMOVED, "removed");
    return op;
}

static struct store_templates_get *get_all(struct fixture *fixture)
{
    struct store_templates_get *op = make(fixture, STORE_TEMPLATES_GET, sizeof(*op));
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    return op;
}

static void keeps_what_was_put_in(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(get_all(fixture)->count, 0);
    struct store_template_put *op = new_put(fixture, MESSAGE_ORDER_CHANGED, "sw", 0);
    op->row.enabled = false;
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    assert_true(op->version > 0);
    struct store_templates_get *all = get_all(fixture);
    assert_int_equal(all->count, 1);
    const struct template *row = all->rows;
    assert_int_equal(row->event, MESSAGE_ORDER_CHANGED);
    assert_text(row->language, "sw");
    assert_text(row->text, "Habari {name} \xe2\x80\x93 {item}");
    assert_false(row->enabled);
    assert_text(row->updated_by, "asha");
    assert_int_equal(row->updated_at, NOW);
    assert_int_equal(row->version, op->version);
    assert_int_equal(count_entries(fixture, "template"), 1);
}

/* By their texts in the store. */
static void answers_by_event_and_language(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, MESSAGE_ORDER_RECEIVED, "sw", 0);
    put(fixture, MESSAGE_ORDER_RECEIVED, "en", 0);
    put(fixture, MESSAGE_ORDER_CHANGED, "sw", 0);
    put(fixture, MESSAGE_ORDER_CANCELLED, "fr", 0);
    struct store_templates_get *all = get_all(fixture);
    assert_int_equal(all->count, 4);
    assert_int_equal(all->rows[0].event, MESSAGE_ORDER_CANCELLED);
    assert_int_equal(all->rows[1].event, MESSAGE_ORDER_CHANGED);
    assert_text(all->rows[2].language, "en");
    assert_text(all->rows[3].language, "sw");
}

static void replaces_only_the_version_it_read(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(run(fixture, &new_put(fixture, MESSAGE_ORDER_RECEIVED, "en", 1)->base),
        ERR_VERSION_MISMATCH);
    int64_t first = put(fixture, MESSAGE_ORDER_RECEIVED, "en", 0);
    assert_int_equal(run(fixture, &new_put(fixture, MESSAGE_ORDER_RECEIVED, "en", 0)->base),
        ERR_VERSION_MISMATCH);
    struct store_template_put *op = new_put(fixture, MESSAGE_ORDER_RECEIVED, "en", first);
    op->row.text = SLICE("Hello");
    op->row.updated_by = SLICE("baraka");
    op->row.updated_at = NOW + 1;
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    assert_true(op->version > first);
    assert_int_equal(run(fixture, &new_put(fixture, MESSAGE_ORDER_RECEIVED, "en", first)->base),
        ERR_VERSION_MISMATCH);
    const struct template *row = get_all(fixture)->rows;
    assert_text(row->text, "Hello");
    assert_text(row->updated_by, "baraka");
    assert_int_equal(row->updated_at, NOW + 1);
    assert_int_equal(row->version, op->version);
    assert_int_equal(count_entries(fixture, "template"), 2);
}

#define EDITORS 9
static void of_many_at_once_one_is_stored(void **state)
{
    struct fixture *fixture = *state;
    for (int64_t version = 0, round = 0; round < 3; round++) {
        struct store_op *ops[EDITORS];
        size_t stored = 0;
        for (size_t i = 0; i < EDITORS; i++) {
            ops[i] = &new_put(fixture, MESSAGE_ORDER_RECEIVED, "en", version)->base;
        }
        run_all(fixture, ops, EDITORS, CLIENTS);
        for (size_t i = 0; i < EDITORS; i++) {
            stored += ops[i]->op.err == ERR_OK;
            if (ops[i]->op.err) assert_int_equal(ops[i]->op.err, ERR_VERSION_MISMATCH);
        }
        assert_int_equal(stored, 1);
        version = get_all(fixture)->rows->version;
    }
    assert_int_equal(count_entries(fixture, "template"), 3);
}

static void removes_only_the_version_it_read(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(run(fixture, &new_remove(fixture, "en", 1)->base), ERR_NOT_FOUND);
    int64_t version = put(fixture, MESSAGE_ORDER_RECEIVED, "en", 0);
    put(fixture, MESSAGE_ORDER_RECEIVED, "sw", 0);
    assert_int_equal(
        run(fixture, &new_remove(fixture, "en", version + 1)->base), ERR_VERSION_MISMATCH);
    assert_int_equal(count_entries(fixture, "removed"), 0);
    assert_int_equal(run(fixture, &new_remove(fixture, "en", version)->base), ERR_OK);
    assert_int_equal(run(fixture, &new_remove(fixture, "en", version)->base), ERR_NOT_FOUND);
    assert_int_equal(count_entries(fixture, "removed"), 1);
    assert_int_equal(get_all(fixture)->count, 1);
    put(fixture, MESSAGE_ORDER_RECEIVED, "en", 0);
    assert_int_equal(get_all(fixture)->count, 2);
}

static void are_not_without_number(void **state)
{
    struct fixture *fixture = *state;
    struct store_op *ops[TEMPLATES_MAX + 8];
    size_t stored = 0;
    for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
        struct slice language = arena_format(fixture_arena(fixture), "l%zu", i);
        ops[i] = &new_put(fixture, MESSAGE_ORDER_RECEIVED, language.ptr, 0)->base;
    }
    run_all(fixture, ops, ARRAY_LEN(ops), CLIENTS);
    for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
        stored += ops[i]->op.err == ERR_OK;
        if (ops[i]->op.err) assert_int_equal(ops[i]->op.err, ERR_TOO_MANY_TEMPLATES);
    }
    assert_int_equal(stored, TEMPLATES_MAX);
    struct store_templates_get *all = get_all(fixture);
    assert_int_equal(all->count, TEMPLATES_MAX);
    /* One that is there can still be changed. */
    struct store_template_put *op =
        new_put(fixture, MESSAGE_ORDER_RECEIVED, "", all->rows->version);
    op->row.language = all->rows->language;
    assert_int_equal(run(fixture, &op->base), ERR_OK);
    op = new_put(fixture, MESSAGE_ORDER_RECEIVED, "", 0);
    op->row.language = all->rows->language;
    assert_int_equal(run(fixture, &op->base), ERR_VERSION_MISMATCH);
}

int main(int argc, char **argv)
{
    static const struct store_case cases[] = {
        STORE_CASE(keeps_what_was_put_in),
        STORE_CASE(answers_by_event_and_language),
        STORE_CASE(replaces_only_the_version_it_read),
        STORE_CASE(of_many_at_once_one_is_stored),
        STORE_CASE(removes_only_the_version_it_read),
        STORE_CASE(are_not_without_number),
    };
    return run_store_cases(cases, ARRAY_LEN(cases), argc > 1 ? argv[1] : "");
}
