/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DPoP proofs: the example of RFC 9449, and one fault at a time in proofs made here (DP-02 to DP-06, DP-08, DP-09).
 */
#include "auth/proof.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/json.h"
#include "token_maker.h"

#define NOW ((int64_t)1800000000000)
#define TOKEN "the-token"
/* base64url(SHA-256(TOKEN)) */
#define TOKEN_HASH "wqc_z2HfvcrceaELozCy7162b8Cmc17Wm3lrs8l7l64"
#define URL "https://agizo.example/v1/orders"
#define CLAIMS "\"htm\":\"POST\",\"htu\":\"" URL "\",\"iat\":1800000000,\"ath\":\"" TOKEN_HASH "\""

static EVP_PKEY *key, *stranger;
static char thumbprint[64];

static struct token_rules rules = {
    .algorithms = 1u << ALGORITHM_RS256 | 1u << ALGORITHM_PS256 | 1u << ALGORITHM_ES256 |
                  1u << ALGORITHM_EDDSA,
};

static void put_nul(struct buf *text)
{
    buf_put_char(text, '\0');
    assert_true(buf_ok(text));
}

/* RFC 7638 by another way: jansson sorts the members. */
static void take_thumbprint(EVP_PKEY *of, char out[64])
{
    CLEANUP(buf_deinit)
    struct buf text;
    CLEANUP(buf_deinit)
    struct buf encoded;
    buf_init(&text, MAKER_MAX);
    buf_init(&encoded, 63);
    maker_put_jwk(&text, of, "");
    CLEANUP(json_release)
    json_t *jwk = json_loadb(text.ptr, text.len, 0, NULL);
    char *sorted = json_dumps(jwk, JSON_SORT_KEYS | JSON_COMPACT);
    struct digest hash = digest_sha256(slice_of(sorted));
    free(sorted);
    buf_put_base64url(&encoded, digest_slice(&hash));
    put_nul(&encoded);
    memcpy(out, encoded.ptr, encoded.len);
}

static int set_up(void **state)
{
    (void)state;
    key = maker_key("P-256");
    stranger = maker_key("P-256");
    take_thumbprint(key, thumbprint);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    EVP_PKEY_free(key);
    EVP_PKEY_free(stranger);
    return 0;
}

static struct proof_demand demand(void)
{
    return (struct proof_demand){
        .method = SLICE("POST"),
        .url = SLICE(URL),
        .token = SLICE(TOKEN),
        .thumbprint = slice_of(thumbprint),
        .rules = &rules,
    };
}

/* A header of the proof's own kind: `head` are members before the key, `more` members of the key. */
static void put_header(struct buf *out, const char *head, EVP_PKEY *shown, const char *more)
{
    buf_init(out, MAKER_MAX);
    buf_printf(out, "{%s,\"jwk\":", head);
    maker_put_jwk(out, shown, more);
    buf_put_char(out, '}');
}

static enum refusal judge_header(struct slice header, EVP_PKEY *signer, struct slice claims)
{
    struct proof proof;
    struct proof_demand wanted = demand();
    char *text = maker_token("ES256", signer, header, claims);
    enum refusal refusal = proof_check(slice_of(text), &wanted, NOW, &proof);
    free(text);
    return refusal;
}

static enum refusal judge_key(const char *head, EVP_PKEY *shown, EVP_PKEY *signer, const char *more)
{
    CLEANUP(buf_deinit)
    struct buf header;
    put_header(&header, head, shown, more);
    return judge_header(buf_slice(&header), signer, SLICE("{\"jti\":\"1\"," CLAIMS "}"));
}

static enum refusal judge_claims(const char *claims)
{
    CLEANUP(buf_deinit)
    struct buf header;
    put_header(&header, "\"typ\":\"dpop+jwt\",\"alg\":\"ES256\"", key, "");
    return judge_header(buf_slice(&header), key, slice_of(claims));
}

static void accepts_the_example_of_the_rfc(void **state)
{
    static const struct token_rules es256 = {.algorithms = 1u << ALGORITHM_ES256};
    struct proof proof;
    const struct proof_demand wanted = {
        .method = SLICE("GET"),
        .url = SLICE("https://resource.example.org/protectedresource"),
        .token = SLICE("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"),
        .thumbprint = SLICE("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"),
        .rules = &es256,
    };
    struct slice text = SLICE("eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6Ik"
                              "VDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCR"
                              "nMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JE"
                              "QSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIj"
                              "oiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0Z"
                              "WRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNF"
                              "c05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71E"
                              "OptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA");
    (void)state;
    assert_int_equal(proof_check(text, &wanted, 1562262618000, &proof), REFUSAL_NONE);
    assert_int_equal(proof_check(text, &wanted, 1562262700000, &proof), REFUSAL_ISSUED_AT);
}

static void accept_of_kind(const char *kind, const char *algorithm)
{
    struct proof proof;
    char own[64];
    struct proof_demand wanted = demand();
    CLEANUP(buf_deinit)
    struct buf header;
    EVP_PKEY *holder = maker_key(kind);
    buf_init(&header, MAKER_MAX);
    buf_printf(&header, "{\"typ\":\"DPoP+JWT\",\"alg\":\"%s\",\"jwk\":", algorithm);
    maker_put_jwk(&header, holder, ",\"use\":\"sig\"");
    buf_put_char(&header, '}');
    take_thumbprint(holder, own);
    wanted.thumbprint = slice_of(own);
    char *text = maker_token(
        algorithm, holder, buf_slice(&header), SLICE("{\"jti\":\"1\"," CLAIMS ",\"more\":[]}"));
    assert_int_equal(proof_check(slice_of(text), &wanted, NOW, &proof), REFUSAL_NONE);
    EVP_PKEY_free(holder);
    free(text);
}

static void accepts_every_kind_of_key(void **state)
{
    (void)state;
    accept_of_kind("RSA", "RS256");
    accept_of_kind("RSA", "PS256");
    accept_of_kind("P-256", "ES256");
    accept_of_kind("ED25519", "EdDSA");
}

static void wants_a_proof_of_its_kind(void **state)
{
    (void)state;
    assert_int_equal(
        judge_key("\"typ\":\"dpop+jwt\",\"alg\":\"ES256\"", key, key, ""), REFUSAL_NONE);
    assert_int_equal(judge_key("\"alg\":\"ES256\"", key, key, ""), REFUSAL_TYPE);
    assert_int_equal(judge_key("\"typ\":\"JWT\",\"alg\":\"ES256\"", key, key, ""), REFUSAL_TYPE);
    assert_int_equal(judge_key("\"typ\":\"at+jwt\",\"alg\":\"ES256\"", key, key, ""), REFUSAL_TYPE);
    assert_int_equal(judge_key("\"typ\":7,\"alg\":\"ES256\"", key, key, ""), REFUSAL_TYPE);
}

static void wants_an_algorithm_of_the_list(void **state)
{
    static const char *const names[] = {"none", "HS256", "ES384", "es256", ""};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char head[64];
        snprintf(head, sizeof(head), "\"typ\":\"dpop+jwt\",\"alg\":\"%s\"", names[i]);
        assert_int_equal(judge_key(head, key, key, ""), REFUSAL_ALGORITHM);
    }
    assert_int_equal(judge_key("\"typ\":\"dpop+jwt\"", key, key, ""), REFUSAL_ALGORITHM);
    assert_int_equal(
        judge_key("\"typ\":\"dpop+jwt\",\"alg\":\"RS256\"", key, key, ""), REFUSAL_KEY_MISMATCH);
}

#define HEAD "\"typ\":\"dpop+jwt\",\"alg\":\"ES256\""

static void wants_the_public_key_of_the_token(void **state)
{
    (void)state;
    struct slice claims = SLICE("{\"jti\":\"1\"," CLAIMS "}");
    assert_int_equal(judge_key(HEAD, stranger, stranger, ""), REFUSAL_OTHER_KEY);
    assert_int_equal(judge_key(HEAD, key, stranger, ""), REFUSAL_SIGNATURE);
    assert_int_equal(judge_key(HEAD, key, key, ",\"d\":\"AA\""), REFUSAL_PROOF_KEY);
    assert_int_equal(judge_key(HEAD, key, key, ",\"use\":\"enc\""), REFUSAL_PROOF_KEY);
    assert_int_equal(judge_key(HEAD ",\"crit\":[\"x\"]", key, key, ""), REFUSAL_EXTENSION);
    assert_int_equal(judge_header(SLICE("{" HEAD "}"), key, claims), REFUSAL_OTHER_KEY);
    assert_int_equal(judge_header(SLICE("{" HEAD ",\"jwk\":[]}"), key, claims), REFUSAL_OTHER_KEY);
    assert_int_equal(
        judge_header(SLICE("{" HEAD ",\"jwk\":{\"kty\":\"oct\",\"k\":\"AA\"}}"), key, claims),
        REFUSAL_OTHER_KEY);
}

static void refuses_other_forms(void **state)
{
    static const struct {
        const char *text;
        enum refusal refusal;
    } rows[] = {{"", REFUSAL_SEGMENTS}, {"x", REFUSAL_SEGMENTS}, {"a.b", REFUSAL_SEGMENTS},
        {"a.b.c", REFUSAL_ENCODING}, {"a.b.c.d.e", REFUSAL_SEGMENTS},
        {"e30.e30.", REFUSAL_OTHER_KEY}, {"{}", REFUSAL_ALPHABET}};
    struct proof proof;
    struct proof_demand wanted = demand();
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(
            proof_check(slice_of(rows[i].text), &wanted, NOW, &proof), rows[i].refusal);
    }
    assert_int_equal(proof_check(slice_absent(), &wanted, NOW, &proof), REFUSAL_SEGMENTS);
}

struct row {
    const char *claims;
    enum refusal refusal;
};

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (judge_claims(rows[i].claims) != rows[i].refusal) fail_msg("%s", rows[i].claims);
    }
}

#define JTI "{\"jti\":\"1\","
#define METHOD "\"htm\":\"POST\","
#define HTU "\"htu\":\"" URL "\","
#define IAT "\"iat\":1800000000,"
#define ATH "\"ath\":\"" TOKEN_HASH "\"}"

static void wants_the_request_it_was_made_for(void **state)
{
    static const struct row rows[] = {
        {JTI METHOD HTU IAT ATH, REFUSAL_NONE},
        {JTI HTU IAT ATH, REFUSAL_METHOD},
        {JTI "\"htm\":\"post\"," HTU IAT ATH, REFUSAL_METHOD},
        {JTI "\"htm\":\"GET\"," HTU IAT ATH, REFUSAL_METHOD},
        {JTI "\"htm\":7," HTU IAT ATH, REFUSAL_METHOD},
        {JTI METHOD IAT ATH, REFUSAL_URL},
        {JTI METHOD "\"htu\":7," IAT ATH, REFUSAL_URL},
        {JTI METHOD "\"htu\":\"\"," IAT ATH, REFUSAL_URL},
        {JTI METHOD "\"htu\":\"" URL "/\"," IAT ATH, REFUSAL_URL},
        {JTI METHOD "\"htu\":\"" URL "x\"," IAT ATH, REFUSAL_URL},
        {JTI METHOD "\"htu\":\"" URL "%\"," IAT ATH, REFUSAL_URL},
        {JTI METHOD "\"htu\":\"http://agizo.example/v1/orders\"," IAT ATH, REFUSAL_URL},
        {JTI METHOD "\"htu\":\"https://agizo.example/V1/orders\"," IAT ATH, REFUSAL_URL},
        {JTI METHOD "\"htu\":\"https://other.example/v1/orders\"," IAT ATH, REFUSAL_URL},
        {JTI METHOD "\"htu\":\"" URL "?a=b#c\"," IAT ATH, REFUSAL_NONE},
        {JTI METHOD "\"htu\":\"HTTPS://Agizo.example:443/v1/%6frders\"," IAT ATH, REFUSAL_NONE},
    };
    (void)state;
    check_rows(rows, ARRAY_LEN(rows));
}

/* What cannot be a URL is nobody's, not even of a proof that agrees on all before the fault. */
static void wants_a_request_that_has_an_address(void **state)
{
    struct proof proof;
    struct proof_demand wanted = demand();
    CLEANUP(buf_deinit)
    struct buf header;
    (void)state;
    wanted.url = SLICE(URL "%");
    put_header(&header, "\"typ\":\"dpop+jwt\",\"alg\":\"ES256\"", key, "");
    char *text = maker_token("ES256", key, buf_slice(&header), SLICE(JTI CLAIMS "}"));
    assert_int_equal(proof_check(slice_of(text), &wanted, NOW, &proof), REFUSAL_URL);
    free(text);
}

/* NOW is 1800000000 s; 60 s back, 5 s ahead. */
static void wants_to_be_fresh(void **state)
{
    static const struct row rows[] = {
        {JTI METHOD HTU ATH, REFUSAL_ISSUED_AT},
        {JTI METHOD HTU "\"iat\":\"1800000000\"," ATH, REFUSAL_ISSUED_AT},
        {JTI METHOD HTU "\"iat\":-1," ATH, REFUSAL_ISSUED_AT},
        {JTI METHOD HTU "\"iat\":1e300," ATH, REFUSAL_ISSUED_AT},
        {JTI METHOD HTU "\"iat\":1799999939.999," ATH, REFUSAL_ISSUED_AT},
        {JTI METHOD HTU "\"iat\":1799999940," ATH, REFUSAL_NONE},
        {JTI METHOD HTU "\"iat\":1800000005," ATH, REFUSAL_NONE},
        {JTI METHOD HTU "\"iat\":1800000005.001," ATH, REFUSAL_ISSUED_AT},
    };
    (void)state;
    check_rows(rows, ARRAY_LEN(rows));
}

static void wants_the_token_it_was_made_for(void **state)
{
    static const struct row rows[] = {
        {JTI METHOD HTU "\"iat\":1800000000}", REFUSAL_TOKEN_HASH},
        {JTI METHOD HTU IAT "\"ath\":\"\"}", REFUSAL_TOKEN_HASH},
        {JTI METHOD HTU IAT "\"ath\":7}", REFUSAL_TOKEN_HASH},
        {JTI METHOD HTU IAT "\"ath\":\"" TOKEN_HASH "=\"}", REFUSAL_TOKEN_HASH},
        {JTI METHOD HTU IAT "\"ath\":\"wqc_z2HfvcrceaELozCy7162b8Cmc17Wm3lrs8l7l65\"}",
            REFUSAL_TOKEN_HASH},
    };
    (void)state;
    check_rows(rows, ARRAY_LEN(rows));
}

static void wants_a_name(void **state)
{
    static const struct row rows[] = {
        {"{" METHOD HTU IAT ATH, REFUSAL_TOKEN_ID},
        {"{\"jti\":\"\"," METHOD HTU IAT ATH, REFUSAL_TOKEN_ID},
        {"{\"jti\":7," METHOD HTU IAT ATH, REFUSAL_TOKEN_ID},
        {"[]", REFUSAL_CLAIMS},
        {"{\"jti\":\"1\",\"jti\":\"2\"," METHOD HTU IAT ATH, REFUSAL_CLAIMS},
        {"x", REFUSAL_CLAIMS},
    };
    (void)state;
    check_rows(rows, ARRAY_LEN(rows));
}

static enum refusal judge_nonce(const char *claims, struct proof *out)
{
    static const struct slice nonces[] = {{"new", 3}, {"old", 3}};
    CLEANUP(buf_deinit)
    struct buf header;
    struct proof_demand wanted = demand();
    wanted.nonces = nonces;
    wanted.nonce_count = ARRAY_LEN(nonces);
    put_header(&header, HEAD, key, "");
    char *text = maker_token("ES256", key, buf_slice(&header), slice_of(claims));
    enum refusal refusal = proof_check(slice_of(text), &wanted, NOW, out);
    free(text);
    return refusal;
}

static void wants_a_nonce_where_one_is_asked_for(void **state)
{
    struct proof proof;
    (void)state;
    assert_int_equal(judge_nonce(JTI "\"nonce\":\"new\"," CLAIMS "}", &proof), REFUSAL_NONE);
    assert_int_equal(proof.nonce, 0);
    assert_int_equal(judge_nonce(JTI "\"nonce\":\"old\"," CLAIMS "}", &proof), REFUSAL_NONE);
    assert_int_equal(proof.nonce, 1);
    assert_int_equal(judge_nonce(JTI CLAIMS "}", &proof), REFUSAL_NONCE);
    assert_int_equal(judge_nonce(JTI "\"nonce\":\"\"," CLAIMS "}", &proof), REFUSAL_NONCE);
    assert_int_equal(judge_nonce(JTI "\"nonce\":\"older\"," CLAIMS "}", &proof), REFUSAL_NONCE);
    assert_int_equal(judge_nonce(JTI "\"nonce\":[\"new\"]," CLAIMS "}", &proof), REFUSAL_NONCE);
    /* Any other fault comes first: a nonce is for proofs that are good. */
    assert_int_equal(judge_nonce("{" CLAIMS "}", &proof), REFUSAL_TOKEN_ID);
}

static void tells_proofs_apart(void **state)
{
    struct proof first, second;
    (void)state;
    judge_nonce("{\"jti\":\"1\",\"nonce\":\"new\"," CLAIMS "}", &first);
    judge_nonce("{\"nonce\":\"new\",\"jti\":\"1\"," CLAIMS "}", &second);
    assert_true(digest_equal_secret(&first.id, &second.id));
    judge_nonce("{\"jti\":\"2\",\"nonce\":\"new\"," CLAIMS "}", &second);
    assert_false(digest_equal_secret(&first.id, &second.id));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_the_example_of_the_rfc),
        cmocka_unit_test(accepts_every_kind_of_key),
        cmocka_unit_test(wants_a_proof_of_its_kind),
        cmocka_unit_test(wants_an_algorithm_of_the_list),
        cmocka_unit_test(wants_the_public_key_of_the_token),
        cmocka_unit_test(refuses_other_forms),
        cmocka_unit_test(wants_the_request_it_was_made_for),
        cmocka_unit_test(wants_a_request_that_has_an_address),
        cmocka_unit_test(wants_to_be_fresh),
        cmocka_unit_test(wants_the_token_it_was_made_for),
        cmocka_unit_test(wants_a_name),
        cmocka_unit_test(wants_a_nonce_where_one_is_asked_for),
        cmocka_unit_test(tells_proofs_apart),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
