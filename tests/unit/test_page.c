/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages say what they are told and nothing more; redirects go where they are told, or home.
 */
#include "http/page.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "request_fixture.h"

static bool contains(const struct req *rq, const char *text)
{
    return memmem(rq->reply.body.ptr, rq->reply.body.len, text, strlen(text)) != NULL;
}

static struct slice reply_field(const struct req *rq, struct slice name)
{
    for (size_t i = 0; i < rq->reply.field_count; i++) {
        if (slice_equal(rq->reply.fields[i].name, name)) return rq->reply.fields[i].value;
    }
    return slice_absent();
}

static void escapes_all_texts(void **state)
{
    struct req rq;
    (void)state;
    request_init(&rq);
    const struct page page = {
        .title = SLICE("<t>"),
        .text = SLICE("<script>alert('1')</script>"),
        .detail = SLICE("a & b"),
        .link = SLICE("/x?\"onclick=\"1"),
        .link_text = SLICE("<b>"),
    };
    assert_int_equal(req_page(&rq, 403, &page), STEP_DONE);
    assert_int_equal(rq.reply.status, 403);
    assert_false(contains(&rq, "<script"));
    assert_false(contains(&rq, "<t>"));
    assert_false(contains(&rq, "<b>"));
    assert_true(contains(&rq, "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;"));
    assert_true(contains(&rq, "a &amp; b"));
    assert_true(contains(&rq, "href=\"/x?&quot;onclick=&quot;1\""));
    assert_true(slice_starts(
        reply_field(&rq, SLICE("Content-Security-Policy")), SLICE("default-src 'none'")));
    assert_true(slice_equal(reply_field(&rq, SLICE("Referrer-Policy")), SLICE("no-referrer")));
    request_deinit(&rq);
}

static void words_an_error(void **state)
{
    struct req rq;
    (void)state;
    request_init(&rq);
    (void)req_fail_page(&rq, ERR_UNAVAILABLE, slice_absent(), SLICE("/again"));
    assert_int_equal(rq.reply.status, 503);
    assert_true(contains(&rq, "<h1>The service cannot answer this now</h1>"));
    assert_true(contains(&rq, "01890000-0000-7000-8000-000000000000"));
    assert_true(contains(&rq, "<a href=\"/again\">"));
    assert_true(slice_equal(reply_field(&rq, SLICE("Retry-After")), SLICE("1")));
    request_deinit(&rq);
}

static void redirects(void **state)
{
    static const char *const rows[][2] = {
        {"/orders?x=%20#y", "/orders?x=%20#y"},
        {"https://login.example/a?b=c", "https://login.example/a?b=c"},
        {"", "/"},
        {"/a b", "/"},
        {"/a\r\nSet-Cookie: x=y", "/"},
        {"/\xc3\xa9", "/"},
        {"/\x7f", "/"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct req rq;
        request_init(&rq);
        (void)req_redirect(&rq, slice_of(rows[i][0]));
        assert_int_equal(rq.reply.status, 303);
        assert_true(slice_equal(reply_field(&rq, SLICE("Location")), slice_of(rows[i][1])));
        request_deinit(&rq);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_all_texts),
        cmocka_unit_test(words_an_error),
        cmocka_unit_test(redirects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
