/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The strict reader of tokens: every form but one is refused, and for the right reason.
 */
#include "auth/jws.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "token_maker.h"

static EVP_PKEY *rsa, *ec, *ec384, *ed, *stranger;
static struct keyset *keys;

static struct token_rules rules = {.issuer = {"https://id.example", 18}};

#define PAYLOAD SLICE("{\"sub\":\"s\"}")
#define HEADER(alg, kid) "{\"typ\":\"at+jwt\",\"alg\":\"" alg "\",\"kid\":\"" kid "\"}"

static int set_up(void **state)
{
    const char *fault;
    struct buf text;
    (void)state;
    rsa = maker_key("RSA");
    ec = maker_key("P-256");
    ec384 = maker_key("P-384");
    ed = maker_key("ED25519");
    stranger = maker_key("RSA");
    buf_init(&text, MAKER_MAX);
    buf_put_text(&text, "{\"keys\":[");
    maker_put_jwk(&text, rsa, ",\"kid\":\"rsa\",\"alg\":\"RS256\"");
    buf_put_text(&text, ",");
    maker_put_jwk(&text, rsa, ",\"kid\":\"any\"");
    buf_put_text(&text, ",");
    maker_put_jwk(&text, ec, ",\"kid\":\"ec\"");
    buf_put_text(&text, ",");
    maker_put_jwk(&text, ec384, ",\"kid\":\"ec384\"");
    buf_put_text(&text, ",");
    maker_put_jwk(&text, ed, ",\"kid\":\"ed\"");
    buf_put_text(&text, "]}");
    keys = keyset_parse(buf_slice(&text), &fault);
    buf_deinit(&text);
    assert_non_null(keys);
    assert_true(algorithm_set_parse(SLICE("RS256 PS256 ES256 EdDSA Ed25519"), &rules.algorithms));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    keyset_release(keys);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
    EVP_PKEY_free(ec384);
    EVP_PKEY_free(ed);
    EVP_PKEY_free(stranger);
    return 0;
}

/* The token passes with its payload, or is refused. */
static enum refusal judge(struct slice token)
{
    CLEANUP(jws_deinit)
    struct jws jws;
    enum refusal refusal = jws_parse(&jws, token);
    return refusal ? refusal : jws_verify(&jws, JWS_ACCESS_TOKEN, &rules, keys);
}

static enum refusal judge_made(const char *algorithm, EVP_PKEY *key, const char *header)
{
    char *token = maker_token(algorithm, key, slice_of(header), PAYLOAD);
    enum refusal refusal = judge(slice_of(token));
    free(token);
    return refusal;
}

static void accepts_every_algorithm_of_the_list(void **state)
{
    (void)state;
    assert_int_equal(judge_made("RS256", rsa, HEADER("RS256", "rsa")), REFUSAL_NONE);
    assert_int_equal(judge_made("PS256", rsa, HEADER("PS256", "any")), REFUSAL_NONE);
    assert_int_equal(judge_made("ES256", ec, HEADER("ES256", "ec")), REFUSAL_NONE);
    assert_int_equal(judge_made("EdDSA", ed, HEADER("EdDSA", "ed")), REFUSAL_NONE);
    assert_int_equal(judge_made("Ed25519", ed, HEADER("Ed25519", "ed")), REFUSAL_NONE);
}

struct row {
    const char *header;
    enum refusal refusal;
};

/* All signed with the RSA key by RS256, so that the header alone decides. */
static void judges_headers(void **state)
{
#define AND(more) "{\"typ\":\"at+jwt\",\"alg\":\"RS256\",\"kid\":\"rsa\"" more "}"
#define TYPE(type) "{\"typ\":" type ",\"alg\":\"RS256\",\"kid\":\"rsa\"}"
#define ALG(alg) "{\"typ\":\"at+jwt\",\"alg\":" alg ",\"kid\":\"rsa\"}"
#define KID(kid) "{\"typ\":\"at+jwt\",\"alg\":\"RS256\",\"kid\":" kid "}"
    static const struct row rows[] = {
        {AND(""), REFUSAL_NONE},
        {AND(",\"own\":[1,{\"a\":[2]}]"), REFUSAL_NONE},
        {AND(",\"own\":[1,{\"a\":[[2]]}]"), REFUSAL_HEADER},
        {AND(",\"kid\":\"rsa\""), REFUSAL_HEADER},
        {AND(",\"own\":\"\xff\""), REFUSAL_HEADER},
        {AND(",\"own\":\"\\ud800\""), REFUSAL_HEADER},
        {AND(",\"own\":\"\\u0000\""), REFUSAL_HEADER},
        {"\xef\xbb\xbf" AND(""), REFUSAL_HEADER},
        {AND("") "{}", REFUSAL_HEADER},
        {"[]", REFUSAL_HEADER},
        {"\"RS256\"", REFUSAL_HEADER},
        {"null", REFUSAL_HEADER},
        {"", REFUSAL_HEADER},
        {AND(",\"crit\":[]"), REFUSAL_EXTENSION},
        {AND(",\"crit\":[\"b64\"],\"b64\":false"), REFUSAL_EXTENSION},
        {AND(",\"crit\":[\"exp\"],\"exp\":1"), REFUSAL_EXTENSION},
        {AND(",\"crit\":null"), REFUSAL_EXTENSION},
        {AND(",\"b64\":false"), REFUSAL_EXTENSION},
        {AND(",\"b64\":true"), REFUSAL_EXTENSION},
        {AND(",\"zip\":\"DEF\""), REFUSAL_EXTENSION},
        {AND(",\"jku\":\"http://127.0.0.1:1/\",\"x5u\":\"http://127.0.0.1:1/\""), REFUSAL_NONE},
        {TYPE("\"AT+JWT\""), REFUSAL_NONE},
        {TYPE("\"application/at+jwt\""), REFUSAL_NONE},
        {TYPE("\"Application/AT+jwt\""), REFUSAL_NONE},
        {TYPE("\"JWT\""), REFUSAL_TYPE},
        {TYPE("\"logout+jwt\""), REFUSAL_TYPE},
        {TYPE("\"dpop+jwt\""), REFUSAL_TYPE},
        {TYPE("\"at+jwt \""), REFUSAL_TYPE},
        {TYPE("\"x/at+jwt\""), REFUSAL_TYPE},
        {TYPE("\"anothertype/at+jwt\""), REFUSAL_TYPE},
        {TYPE("\"application/application/at+jwt\""), REFUSAL_TYPE},
        {TYPE("\"\""), REFUSAL_TYPE},
        {TYPE("null"), REFUSAL_TYPE},
        {TYPE("[\"at+jwt\"]"), REFUSAL_TYPE},
        {"{\"alg\":\"RS256\",\"kid\":\"rsa\"}", REFUSAL_TYPE},
        {ALG("\"none\""), REFUSAL_ALGORITHM},
        {ALG("\"None\""), REFUSAL_ALGORITHM},
        {ALG("\"nOnE\""), REFUSAL_ALGORITHM},
        {ALG("\"HS256\""), REFUSAL_ALGORITHM},
        {ALG("\"rs256\""), REFUSAL_ALGORITHM},
        {ALG("\"RS256 \""), REFUSAL_ALGORITHM},
        {ALG("\"\""), REFUSAL_ALGORITHM},
        {ALG("256"), REFUSAL_ALGORITHM},
        {ALG("[\"RS256\"]"), REFUSAL_ALGORITHM},
        {ALG("null"), REFUSAL_ALGORITHM},
        {ALG("\"RS384\""), REFUSAL_ALGORITHM},
        {ALG("\"RS512\""), REFUSAL_ALGORITHM},
        {ALG("\"ES384\""), REFUSAL_ALGORITHM},
        {"{\"typ\":\"at+jwt\",\"kid\":\"rsa\"}", REFUSAL_ALGORITHM},
        {ALG("\"PS256\""), REFUSAL_KEY_MISMATCH},
        {ALG("\"ES256\""), REFUSAL_KEY_MISMATCH},
        {ALG("\"EdDSA\""), REFUSAL_KEY_MISMATCH},
        {KID("7"), REFUSAL_KEY_ID},
        {KID("null"), REFUSAL_KEY_ID},
        {KID("\"\""), REFUSAL_UNKNOWN_KEY},
        {KID("\"RSA\""), REFUSAL_UNKNOWN_KEY},
        {KID("\"../../rsa\""), REFUSAL_UNKNOWN_KEY},
        {KID("\"' or 1=1 --\""), REFUSAL_UNKNOWN_KEY},
        {KID("\"ec\""), REFUSAL_KEY_MISMATCH},
        {KID("\"any\""), REFUSAL_NONE},
        {"{\"typ\":\"at+jwt\",\"alg\":\"RS256\"}", REFUSAL_NONE},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        enum refusal refusal = judge_made("RS256", rsa, rows[i].header);
        if (refusal != rows[i].refusal) print_error("%s\n", rows[i].header);
        assert_int_equal(refusal, rows[i].refusal);
    }
}

static void refuses_keys_of_strangers(void **state)
{
    (void)state;
    assert_int_equal(judge_made("RS256", stranger, HEADER("RS256", "rsa")), REFUSAL_SIGNATURE);
    assert_int_equal(
        judge_made("RS256", stranger, "{\"typ\":\"at+jwt\",\"alg\":\"RS256\"}"), REFUSAL_SIGNATURE);
    struct buf header;
    buf_init(&header, 4096);
    buf_put_text(&header, "{\"typ\":\"at+jwt\",\"alg\":\"RS256\",\"kid\":\"rsa\",\"jwk\":");
    maker_put_jwk(&header, stranger, "");
    buf_put(&header, (struct slice){"}", 2});
    assert_int_equal(judge_made("RS256", stranger, header.ptr), REFUSAL_SIGNATURE);
    buf_deinit(&header);
}

static void wants_the_algorithm_it_was_signed_with(void **state)
{
    (void)state;
    assert_int_equal(judge_made("PS256", rsa, HEADER("RS256", "any")), REFUSAL_SIGNATURE);
    assert_int_equal(judge_made("RS256", rsa, HEADER("PS256", "any")), REFUSAL_SIGNATURE);
    assert_int_equal(judge_made("RS512", rsa, HEADER("RS256", "any")), REFUSAL_SIGNATURE);
    assert_int_equal(judge_made("ES384", ec384, HEADER("ES256", "ec384")), REFUSAL_KEY_MISMATCH);
    assert_int_equal(judge_made("ES384", ec384, HEADER("ES256", "ec")), REFUSAL_SIGNATURE_LENGTH);
    assert_int_equal(judge_made("ES256", ec, HEADER("EdDSA", "ed")), REFUSAL_SIGNATURE);
}

static void lenient_profile_takes_plain_types(void **state)
{
    (void)state;
    rules.lenient = true;
    assert_int_equal(judge_made("RS256", rsa, TYPE("\"JWT\"")), REFUSAL_NONE);
    assert_int_equal(judge_made("RS256", rsa, TYPE("\"at+jwt\"")), REFUSAL_NONE);
    assert_int_equal(judge_made("RS256", rsa, TYPE("\"logout+jwt\"")), REFUSAL_TYPE);
    assert_int_equal(judge_made("RS256", rsa, "{\"alg\":\"RS256\",\"kid\":\"rsa\"}"), REFUSAL_TYPE);
    rules.lenient = false;
}

/* Every single bit of a token matters: whatever is flipped, it is refused. */
static void refuses_every_flipped_bit(void **state)
{
    char *token = maker_token("EdDSA", ed, slice_of(HEADER("EdDSA", "ed")), PAYLOAD);
    struct slice whole = slice_of(token);
    (void)state;
    assert_int_equal(judge(whole), REFUSAL_NONE);
    for (size_t bit = 0; bit < whole.len * 8; bit++) {
        token[bit / 8] = (char)(token[bit / 8] ^ 1 << bit % 8);
        assert_int_not_equal(judge(whole), REFUSAL_NONE);
        token[bit / 8] = (char)(token[bit / 8] ^ 1 << bit % 8);
    }
    assert_int_equal(judge(whole), REFUSAL_NONE);
    free(token);
}

static void refuses_every_cut(void **state)
{
    char *token = maker_token("ES256", ec, slice_of(HEADER("ES256", "ec")), PAYLOAD);
    size_t len = strlen(token);
    (void)state;
    for (size_t cut = 0; cut < len; cut++) {
        /* In memory of exactly this size, so that reading past the end is seen. */
        char *part = memory_resize(NULL, cut + 1);
        memcpy(part, token, cut);
        assert_int_not_equal(judge((struct slice){part, cut}), REFUSAL_NONE);
        free(part);
        assert_int_not_equal(judge((struct slice){token + cut + 1, len - cut - 1}), REFUSAL_NONE);
    }
    free(token);
}

static void refuses_other_forms(void **state)
{
    static const struct {
        const char *format;
        enum refusal refusal;
    } rows[] = {
        {"%s", REFUSAL_NONE},
        {"%s ", REFUSAL_ALPHABET},
        {" %s", REFUSAL_ALPHABET},
        {"%s\n", REFUSAL_ALPHABET},
        {"%s=", REFUSAL_ALPHABET},
        {"%s+", REFUSAL_ALPHABET},
        {"%s/", REFUSAL_ALPHABET},
        {"{\"payload\":\"%s\"}", REFUSAL_ALPHABET},
        {"%s.", REFUSAL_SEGMENTS},
        {".%s", REFUSAL_SEGMENTS},
        {"%s.AAAA", REFUSAL_SEGMENTS},
        {"%s.AAAA.AAAA", REFUSAL_SEGMENTS},
        {"%sAA", REFUSAL_SIGNATURE_LENGTH},
        {"%sAAAA", REFUSAL_SIGNATURE_LENGTH},
    };
    char *token = maker_token("ES256", ec, slice_of(HEADER("ES256", "ec")), PAYLOAD);
    char text[1024];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *at = strstr(rows[i].format, "%s");
        int len = snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - rows[i].format),
            rows[i].format, token, at + 2);
        assert_int_equal(judge((struct slice){text, (size_t)len}), rows[i].refusal);
    }
    assert_int_equal(judge(SLICE("")), REFUSAL_SEGMENTS);
    assert_int_equal(judge(SLICE("..")), REFUSAL_HEADER);
    assert_int_equal(judge(SLICE("A.A.A")), REFUSAL_ENCODING);
    free(token);
}

/* A token whose header, or payload, is written with a spare bit set, and signed like that. */
static char *make_loose(const char *header, bool in_header)
{
    struct buf token;
    buf_init(&token, MAKER_MAX);
    buf_put_base64url(&token, slice_of(header));
    size_t header_len = token.len;
    buf_put_char(&token, '.');
    buf_put_base64url(&token, PAYLOAD);
    char *last = &token.ptr[(in_header ? header_len : token.len) - 1];
    assert_int_equal(*last, '0'); /* both have two spare bits */
    *last = '1';
    check(buf_reserve(&token, 2048) != NULL);
    struct slice input = buf_slice(&token);
    buf_put_char(&token, '.');
    maker_put_signature(&token, algorithm_find(SLICE("EdDSA")), ed, input);
    buf_put_char(&token, '\0');
    return token.ptr;
}

static void wants_one_way_to_write_each_part(void **state)
{
    (void)state;
    assert_int_equal(judge_made("EdDSA", ed, HEADER("EdDSA", "ed")), REFUSAL_NONE);
    for (int in_header = 0; in_header < 2; in_header++) {
        char *token = make_loose(HEADER("EdDSA", "ed"), in_header);
        assert_int_equal(judge(slice_of(token)), REFUSAL_ENCODING);
        free(token);
    }
}

/* An empty signature, for every algorithm. */
static void refuses_no_signature(void **state)
{
    static const char *const headers[] = {HEADER("RS256", "rsa"), HEADER("PS256", "any"),
        HEADER("ES256", "ec"), HEADER("EdDSA", "ed")};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
        char *token = maker_token("EdDSA", ed, slice_of(headers[i]), PAYLOAD);
        struct slice cut = {token, (size_t)(strrchr(token, '.') + 1 - token)};
        assert_int_equal(judge(cut), REFUSAL_SIGNATURE_LENGTH);
        free(token);
    }
}

static void bounds_the_length(void **state)
{
    char *payload = memory_zeroed(8000);
    (void)state;
    memset(payload, ' ', 8000);
    for (size_t len = 5900; len < 6100; len += 3) {
        char *token =
            maker_token("EdDSA", ed, slice_of(HEADER("EdDSA", "ed")), (struct slice){payload, len});
        size_t token_len = strlen(token);
        assert_int_equal(
            judge(slice_of(token)), token_len > JWS_LEN_MAX ? REFUSAL_LENGTH : REFUSAL_NONE);
        free(token);
    }
    free(payload);
}

/* Of what comes from the issuer itself. */
static void bounds_the_length_of_what_comes_directly(void **state)
{
    struct jws jws;
    static char text[JWS_DIRECT_MAX + 1];
    (void)state;
    memset(text, 'A', sizeof(text));
    memcpy(text, "e30.", 4);
    text[JWS_DIRECT_MAX - 10] = '.';
    assert_int_equal(
        jws_parse_direct(&jws, (struct slice){text, JWS_DIRECT_MAX + 1}), REFUSAL_LENGTH);
    jws_deinit(&jws);
    enum refusal refusal = jws_parse_direct(&jws, (struct slice){text, JWS_DIRECT_MAX});
    assert_true(refusal != REFUSAL_LENGTH && refusal != REFUSAL_ALPHABET);
    jws_deinit(&jws);
    assert_int_equal(jws_parse(&jws, (struct slice){text, JWS_LEN_MAX + 1}), REFUSAL_LENGTH);
    jws_deinit(&jws);
}

/* Which `typ` goes as which kind, told by a row of four: access token, by lenient rules, ID token, logout token. */
static void tells_kinds_by_type(void **state)
{
#define TYPED(type) "{" type "\"alg\":\"EdDSA\",\"kid\":\"ed\"}"
    static const struct {
        const char *header;
        bool access, lenient, id, logout;
    } rows[] = {
        {TYPED(""), false, false, true, true},
        {TYPED("\"typ\":\"JWT\","), false, true, true, true},
        {TYPED("\"typ\":\"application/jwt\","), false, true, true, true},
        {TYPED("\"typ\":\"at+jwt\","), true, true, false, false},
        {TYPED("\"typ\":\"application/at+jwt\","), true, true, false, false},
        {TYPED("\"typ\":\"logout+jwt\","), false, false, false, true},
        {TYPED("\"typ\":\"application/LOGOUT+JWT\","), false, false, false, true},
        {TYPED("\"typ\":\"dpop+jwt\","), false, false, false, false},
        {TYPED("\"typ\":\"\","), false, false, false, false},
        {TYPED("\"typ\":null,"), false, false, false, false},
        {TYPED("\"typ\":7,"), false, false, false, false},
        {TYPED("\"typ\":[\"JWT\"],"), false, false, false, false},
    };
    struct token_rules lenient = rules;
    lenient.lenient = true;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *token = maker_token("EdDSA", ed, slice_of(rows[i].header), PAYLOAD);
        CLEANUP(jws_deinit)
        struct jws jws;
        assert_int_equal(jws_parse(&jws, slice_of(token)), REFUSAL_NONE);
        const enum refusal got[] = {jws_verify(&jws, JWS_ACCESS_TOKEN, &rules, keys),
            jws_verify(&jws, JWS_ACCESS_TOKEN, &lenient, keys),
            jws_verify(&jws, JWS_ID_TOKEN, &lenient, keys),
            jws_verify(&jws, JWS_LOGOUT_TOKEN, &lenient, keys)};
        const bool good[] = {rows[i].access, rows[i].lenient, rows[i].id, rows[i].logout};
        for (size_t k = 0; k < ARRAY_LEN(got); k++) {
            if (got[k] != (good[k] ? REFUSAL_NONE : REFUSAL_TYPE)) fail_msg("row %zu, %zu", i, k);
        }
        free(token);
    }
#undef TYPED
}

static void words_are_distinct(void **state)
{
    (void)state;
    for (int i = 0; i < REFUSAL_COUNT; i++) {
        assert_true(refusal_word((enum refusal)i).len > 0);
        for (int j = 0; j < i; j++) {
            assert_false(slice_equal(refusal_word((enum refusal)i), refusal_word((enum refusal)j)));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_every_algorithm_of_the_list),
        cmocka_unit_test(judges_headers),
        cmocka_unit_test(refuses_keys_of_strangers),
        cmocka_unit_test(wants_the_algorithm_it_was_signed_with),
        cmocka_unit_test(lenient_profile_takes_plain_types),
        cmocka_unit_test(refuses_every_flipped_bit),
        cmocka_unit_test(refuses_every_cut),
        cmocka_unit_test(refuses_other_forms),
        cmocka_unit_test(wants_one_way_to_write_each_part),
        cmocka_unit_test(refuses_no_signature),
        cmocka_unit_test(bounds_the_length),
        cmocka_unit_test(bounds_the_length_of_what_comes_directly),
        cmocka_unit_test(tells_kinds_by_type),
        cmocka_unit_test(words_are_distinct),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
