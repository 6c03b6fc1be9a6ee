/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where we are, and which pages may act with a session (SE-05).
 */
#include "api/own_url.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "request_fixture.h"

static struct config config;
static struct api api = {.config = &config};
static struct api_worker worker = {.api = &api};

/* What a request says about the page that it comes from; NULL for fields that it lacks. */
struct page_said {
    const char *method, *asked, *origin, *site;
};

static void add(struct req *rq, const char *name, const char *value)
{
    if (value) rq->fields[rq->field_count++] = (struct field){slice_of(name), slice_of(value)};
}

static bool passes(const char *public_url, const struct page_said *said)
{
    struct req rq;
    struct field fields[4];
    request_init(&rq);
    config.public_url = public_url;
    rq.app = &worker;
    rq.fields = fields;
    rq.method = slice_of(said->method);
    add(&rq, "Host", "shop.example:8080");
    add(&rq, "x-agizo-request", said->asked);
    add(&rq, "Origin", said->origin);
    add(&rq, "Sec-Fetch-Site", said->site);
    bool passed = own_page(&rq);
    request_deinit(&rq);
    return passed;
}

static void lets_our_pages_act(void **state)
{
    static const struct page_said rows[] = {
        {"POST", "1", "https://shop.example", "same-origin"},
        {"POST", "1", "https://shop.example", NULL},
        {"POST", "1", "HTTPS://SHOP.example", NULL},
        {"POST", "1", NULL, "none"},
        {"POST", "1", NULL, NULL},
        {"POST", "", NULL, NULL},
        {"DELETE", "yes", "https://shop.example", "same-origin"},
        {"GET", NULL, NULL, NULL},
        {"HEAD", NULL, NULL, NULL},
        /* A link from elsewhere; nothing changes by it. */
        {"GET", NULL, "https://evil.example", "cross-site"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_true(passes("https://shop.example", &rows[i]));
        assert_true(passes("https://shop.example/", &rows[i]));
        assert_true(passes("https://shop.example:443/orders/", &rows[i]));
    }
}

static void stops_all_others(void **state)
{
    static const struct page_said rows[] = {
        {"POST", NULL, "https://shop.example", "same-origin"},
        {"POST", NULL, NULL, NULL},
        {"POST", "1", "https://evil.example", NULL},
        {"POST", "1", "http://shop.example", NULL},
        {"POST", "1", "https://shop.example:8443", NULL},
        {"POST", "1", "https://shop.example.evil", NULL},
        {"POST", "1", "https://shop.example/", NULL},
        {"POST", "1", "null", NULL},
        {"POST", "1", "", NULL},
        {"POST", "1", "https://shop.example", "cross-site"},
        {"POST", "1", "https://shop.example", "same-site"},
        {"POST", "1", NULL, "cross-site"},
        {"POST", "1", NULL, ""},
        {"PUT", NULL, NULL, NULL},
        {"PATCH", NULL, NULL, NULL},
        {"DELETE", "1", NULL, "same-site"},
        {"OPTIONS", NULL, NULL, NULL},
        {"get", NULL, NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_false(passes("https://shop.example", &rows[i]));
    }
}

static void goes_by_the_host_without_a_setting(void **state)
{
    const struct page_said own = {"POST", "1", "http://shop.example:8080", NULL};
    const struct page_said other = {"POST", "1", "https://shop.example:8080", NULL};
    (void)state;
    assert_true(passes("", &own));
    assert_false(passes("", &other));
}

static void refuses_fields_given_twice(void **state)
{
    struct req rq;
    struct field fields[3] = {{SLICE("X-Agizo-Request"), SLICE("1")},
        {SLICE("Origin"), SLICE("https://shop.example")},
        {SLICE("Origin"), SLICE("https://shop.example")}};
    (void)state;
    request_init(&rq);
    config.public_url = "https://shop.example";
    rq.app = &worker;
    rq.fields = fields;
    rq.field_count = 3;
    rq.method = SLICE("POST");
    assert_false(own_page(&rq));
    fields[1].name = fields[2].name = SLICE("Sec-Fetch-Site");
    fields[1].value = fields[2].value = SLICE("same-origin");
    assert_false(own_page(&rq));
    rq.field_count = 2;
    assert_true(own_page(&rq));
    request_deinit(&rq);
}

static bool navigates(const char *mode, const char *dest, bool twice)
{
    struct req rq;
    struct field fields[4];
    request_init(&rq);
    rq.fields = fields;
    add(&rq, "Sec-Fetch-Mode", mode);
    add(&rq, "Sec-Fetch-Dest", dest);
    if (twice) add(&rq, "sec-fetch-mode", mode);
    bool is = own_navigation(&rq);
    request_deinit(&rq);
    return is;
}

static void tells_a_change_of_page_from_a_script(void **state)
{
    (void)state;
    assert_true(navigates("navigate", "document", false));
    assert_true(navigates(NULL, NULL, false)); /* a browser that does not tell */
    assert_true(navigates("navigate", NULL, false));
    assert_false(navigates("cors", "empty", false));
    assert_false(navigates("no-cors", "image", false));
    assert_false(navigates("navigate", "iframe", false));
    assert_false(navigates("same-origin", NULL, false));
    assert_false(navigates("", NULL, false));
    assert_false(navigates("navigate", "document", true));
}

static void names_the_request(void **state)
{
    struct req rq;
    struct field host = {SLICE("Host"), SLICE("shop.example:8080")};
    (void)state;
    request_init(&rq);
    rq.app = &worker;
    rq.fields = &host;
    rq.field_count = 1;
    rq.path = SLICE("/v1/orders");
    config.public_url = "";
    assert_true(slice_equal(own_url(&rq), SLICE("http://shop.example:8080/v1/orders")));
    config.public_url = "https://shop.example/";
    assert_true(slice_equal(own_url(&rq), SLICE("https://shop.example/v1/orders")));
    request_deinit(&rq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lets_our_pages_act),
        cmocka_unit_test(stops_all_others),
        cmocka_unit_test(goes_by_the_host_without_a_setting),
        cmocka_unit_test(refuses_fields_given_twice),
        cmocka_unit_test(tells_a_change_of_page_from_a_script),
        cmocka_unit_test(names_the_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
