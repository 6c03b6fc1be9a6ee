/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of an order-received SMS, and what becomes of a message without a way to its customer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/check.h"
#include "core/timestamp.h"
#include "sms/sms.h"
#include "sms/text.h"

#define DAY_MS INT64_C(86400000)

struct sample {
    struct customer customer;
    struct order order;
    struct message message;
    struct arena arena;
    struct sms_composer composer;
};

static int set_up(void **state)
{
    static struct sample sample;
    sample = (struct sample){
        .customer = {.name = SLICE("Asha Njeri"), .phone = SLICE("+254712345678")},
        .order = {.item = SLICE("Maize flour 2 kg"),
            .amount_minor = 125000,
            .currency = SLICE("KES")},
        .composer = {.texts = texts_new(), .expiry_ms = DAY_MS, .parts_max = 3},
    };
    assert_true(timestamp_parse(SLICE("2026-11-22T13:08:00Z"), &sample.order.time));
    assert_true(uuid_parse(SLICE("0199abcd-0000-7000-8000-00000000cafe"), &sample.order.id));
    sample.order.created_at = sample.order.time + 1000;
    arena_init(&sample.arena, 1 << 20);
    *state = &sample;
    return 0;
}

static int tear_down(void **state)
{
    struct sample *sample = *state;
    texts_free(sample->composer.texts);
    arena_deinit(&sample->arena);
    return 0;
}

static const struct message *compose(struct sample *sample)
{
    sms_compose(
        &sample->composer, &sample->customer, &sample->order, &sample->arena, &sample->message);
    return &sample->message;
}

static void expect_body(struct sample *sample, const char *text)
{
    struct slice body = compose(sample)->body;
    if (!slice_equal(body, slice_of(text))) fail_msg("%.*s", SLICE_ARG(body));
}

static bool holds(struct slice body, const char *words)
{
    return memmem(body.ptr, body.len, words, strlen(words)) != NULL;
}

static void writes_english(void **state)
{
    struct sample *sample = *state;
    expect_body(sample,
        "Dear Asha Njeri, we have received your order of Maize flour 2 kg, KES 1,250.00, on "
        "22 Nov 2026 16:08 EAT. Ref 0000CAFE.");
    assert_int_equal(sample->message.state, MESSAGE_QUEUED);
    assert_int_equal(sample->message.encoding, MESSAGE_GSM7);
    assert_int_equal(sample->message.parts, 1);
    assert_true(slice_equal(sample->message.to, SLICE("+254712345678")));
    assert_false(slice_present(sample->message.failure));
    assert_int_equal(sample->message.due_at, sample->order.created_at);
    assert_int_equal(sample->message.expires_at, sample->order.created_at + DAY_MS);
}

static void writes_swahili(void **state)
{
    struct sample *sample = *state;
    sample->customer.language = SLICE("sw");
    expect_body(sample,
        "Mpendwa Asha Njeri, tumepokea agizo lako la Maize flour 2 kg, KES 1,250.00, tarehe "
        "22 Nov 2026 16:08 EAT. Kumb. 0000CAFE.");
    sample->customer.language = SLICE("SW-ke");
    assert_true(holds(compose(sample)->body, "Mpendwa"));
    sample->customer.language = SLICE("swg");
    assert_true(holds(compose(sample)->body, "Dear"));
}

static void writes_amounts(void **state)
{
    static const struct {
        int64_t minor;
        const char *currency, *text;
    } rows[] = {
        {0, "KES", "KES 0.00,"},
        {5, "KES", "KES 0.05,"},
        {99999, "KES", "KES 999.99,"},
        {100000, "KES", "KES 1,000.00,"},
        {999999999999999, "KES", "KES 9,999,999,999,999.99,"},
        {1250, "UGX", "UGX 1,250,"},
        {1250, "BHD", "BHD 1.250,"},
        {123456789, "CLF", "CLF 12,345.6789,"},
    };
    struct sample *sample = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        sample->order.amount_minor = rows[i].minor;
        sample->order.currency = slice_of(rows[i].currency);
        if (!holds(compose(sample)->body, rows[i].text)) fail_msg("%s", rows[i].text);
    }
}

static void shows_local_time(void **state)
{
    static const struct {
        const char *utc, *text;
    } rows[] = {
        {"2026-11-22T20:59:59.999Z", "on 22 Nov 2026 23:59 EAT."},
        {"2026-12-31T21:00:00Z", "on 1 Jan 2027 00:00 EAT."},
        {"2028-02-28T22:30:00Z", "on 29 Feb 2028 01:30 EAT."},
        {"2038-01-20T00:00:00Z", "on 20 Jan 2038 03:00 EAT."},
    };
    struct sample *sample = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_true(timestamp_parse(slice_of(rows[i].utc), &sample->order.time));
        if (!holds(compose(sample)->body, rows[i].text)) fail_msg("%s", rows[i].text);
    }
}

static void leaves_names_as_they_are(void **state)
{
    struct sample *sample = *state;
    sample->customer.name = SLICE("O’Brien & {t} %n ç");
    sample->order.item = SLICE("“Tea” {n} %s");
    assert_true(holds(compose(sample)->body, "Dear O’Brien & {t} %n ç, "));
    assert_true(holds(sample->message.body, "order of \"Tea\" {n} %s, "));
    assert_int_equal(sample->message.encoding, MESSAGE_UCS2);
}

static struct slice filled(struct sample *sample, const char *unit, size_t count)
{
    size_t len = strlen(unit);
    char *text = arena_alloc(&sample->arena, len * count);
    for (size_t i = 0; i < count; i++) memcpy(text + i * len, unit, len);
    return (struct slice){text, len * count};
}

static void cuts_long_items(void **state)
{
    struct sample *sample = *state;
    sample->composer.parts_max = 1;
    sample->order.item = filled(sample, "x", 200);
    const struct message *message = compose(sample);
    assert_int_equal(message->parts, 1);
    assert_int_equal(text_measure(message->body).units, 160);
    assert_true(holds(message->body, "Dear Asha Njeri, "));
    assert_true(holds(message->body, "xxx..., KES 1,250.00"));
    assert_true(holds(message->body, "Ref 0000CAFE."));
}

static void keeps_an_item_that_just_fits(void **state)
{
    struct sample *sample = *state;
    sample->composer.parts_max = 1;
    sample->order.item = filled(sample, "x", 16 + 160 - 120);
    size_t used = text_measure(compose(sample)->body).units;
    sample->order.item = filled(sample, "x", sample->order.item.len + 160 - used);
    assert_int_equal(text_measure(compose(sample)->body).units, 160);
    assert_false(holds(sample->message.body, "..."));
}

static void never_exceeds_the_parts(void **state)
{
    static const char *const units[] = {"x", "{", "ж", "\xf0\x9f\x98\x80"};
    struct sample *sample = *state;
    for (size_t i = 0; i < ARRAY_LEN(units) * ARRAY_LEN(units) * 6; i++) {
        sample->customer.name = filled(sample, units[i % 4], i % 3 == 0 ? 200 : 20);
        sample->order.item = filled(sample, units[i / 4 % 4], 200);
        sample->composer.parts_max = 1 + (int)(i % 4);
        const struct message *message = compose(sample);
        assert_true(message->parts <= sample->composer.parts_max);
        assert_int_equal(message->parts, text_measure(message->body).parts);
        assert_true(holds(message->body, "0000CAFE"));
    }
}

static void a_name_that_does_not_fit_is_left_out_whole(void **state)
{
    struct sample *sample = *state;
    sample->composer.parts_max = 1;
    sample->customer.name = filled(sample, "y", 200);
    expect_body(sample,
        "We have received your order of Maize flour 2 kg, KES 1,250.00, on 22 Nov 2026 16:08 EAT. "
        "Ref 0000CAFE.");
}

static void without_a_number_it_is_skipped(void **state)
{
    struct sample *sample = *state;
    sample->customer.phone = slice_absent();
    assert_int_equal(compose(sample)->state, MESSAGE_SKIPPED);
    assert_false(slice_present(sample->message.to));
    assert_true(holds(sample->message.failure, "no phone number"));
}

static void after_an_opt_out_it_is_suppressed(void **state)
{
    struct sample *sample = *state;
    sample->customer.sms_opt_out = true;
    assert_int_equal(compose(sample)->state, MESSAGE_SUPPRESSED);
    assert_true(holds(sample->message.failure, "opted out"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(writes_english, set_up, tear_down),
        cmocka_unit_test_setup_teardown(writes_swahili, set_up, tear_down),
        cmocka_unit_test_setup_teardown(writes_amounts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(shows_local_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(leaves_names_as_they_are, set_up, tear_down),
        cmocka_unit_test_setup_teardown(cuts_long_items, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_an_item_that_just_fits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(never_exceeds_the_parts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_name_that_does_not_fit_is_left_out_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_a_number_it_is_skipped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(after_an_opt_out_it_is_suppressed, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
