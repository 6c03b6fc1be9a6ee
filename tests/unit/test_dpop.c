/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which tokens get in, in the way they came: bound and unbound, with and without proof, a second time, and with nonces.
 */
#include "auth/dpop.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/clock.h"
#include "token_maker.h"

#define TOKEN "the-token"
#define TOKEN_HASH "wqc_z2HfvcrceaELozCy7162b8Cmc17Wm3lrs8l7l64"
#define URL "https://agizo.example/v1/orders"

static EVP_PKEY *key;
static char *header;
static char thumbprint[44];
static struct arena arena;

static const struct token_rules rules = {.algorithms = 1u << ALGORITHM_EDDSA};

/* RFC 8037 §2: of an Ed25519 key as the maker writes it, the members crv, kty and x. */
static void take_thumbprint(void)
{
    unsigned char raw[32];
    size_t len = sizeof(raw);
    CLEANUP(buf_deinit)
    struct buf text;
    CLEANUP(buf_deinit)
    struct buf encoded;
    buf_init(&text, 256);
    buf_init(&encoded, 64);
    check(EVP_PKEY_get_raw_public_key(key, raw, &len) == 1);
    buf_put_text(&text, "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"");
    buf_put_base64url(&text, (struct slice){(const char *)raw, len});
    buf_put_text(&text, "\"}");
    struct digest hash = digest_sha256(buf_slice(&text));
    buf_put_base64url(&encoded, digest_slice(&hash));
    memcpy(thumbprint, encoded.ptr, sizeof(thumbprint) - 1);
}

static int set_up(void **state)
{
    struct buf text;
    (void)state;
    arena_init(&arena, 1 << 20);
    key = maker_key("ED25519");
    take_thumbprint();
    buf_init(&text, 1024);
    buf_put_text(&text, "{\"typ\":\"dpop+jwt\",\"alg\":\"EdDSA\",\"jwk\":");
    maker_put_jwk(&text, key, "");
    buf_put_text(&text, "}");
    buf_put_char(&text, '\0');
    header = text.ptr;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_deinit(&arena);
    EVP_PKEY_free(key);
    free(header);
    return 0;
}

static struct auth_check request(bool bound, bool dpop)
{
    struct auth_check check = {
        .arena = &arena,
        .token = SLICE(TOKEN),
        .dpop = dpop,
        .method = SLICE("GET"),
        .url = SLICE(URL),
    };
    if (bound) check.identity.thumbprint = slice_of(thumbprint);
    return check;
}

static char *make_proof(const char *id, struct slice nonce)
{
    CLEANUP(buf_deinit)
    struct buf claims;
    buf_init(&claims, 1024);
    buf_printf(&claims,
        "{\"jti\":\"%s\",\"htm\":\"GET\",\"htu\":\"" URL "\",\"iat\":%lld,\"ath\":\"" TOKEN_HASH
        "\",\"nonce\":\"%.*s\"}",
        id, (long long)(clock_wall_ms() / 1000), SLICE_ARG(nonce));
    return maker_token("EdDSA", key, slice_of(header), buf_slice(&claims));
}

/* A bound token with a proof that fits. */
static enum err come(struct dpop *dpop, const char *id, struct slice nonce, struct slice *next)
{
    struct auth_check check = request(true, true);
    char *proof = make_proof(id, nonce);
    check.proof = slice_of(proof);
    check.proof_count = 1;
    enum err err = dpop_admit(dpop, &rules, &check);
    free(proof);
    *next = check.nonce;
    return err;
}

static void an_unbound_token_comes_as_bearer(void **state)
{
    struct dpop *dpop = dpop_new(true);
    struct auth_check bearer = request(false, false), proven = request(false, true);
    (void)state;
    assert_int_equal(dpop_admit(NULL, &rules, &bearer), ERR_OK);
    assert_int_equal(dpop_admit(dpop, &rules, &bearer), ERR_OK);
    assert_false(slice_present(bearer.nonce));
    assert_int_equal(dpop_admit(NULL, &rules, &proven), ERR_INVALID_TOKEN);
    assert_int_equal(dpop_admit(dpop, &rules, &proven), ERR_INVALID_TOKEN);
    dpop_free(dpop);
}

/* DP-01 */
static void a_bound_token_never_comes_as_bearer(void **state)
{
    struct dpop *dpop = dpop_new(false);
    struct auth_check bearer = request(true, false), proven = request(true, true);
    char *proof = make_proof("1", SLICE(""));
    (void)state;
    bearer.proof = proven.proof = slice_of(proof);
    bearer.proof_count = proven.proof_count = 1;
    assert_int_equal(dpop_admit(NULL, &rules, &bearer), ERR_INVALID_TOKEN);
    assert_int_equal(dpop_admit(dpop, &rules, &bearer), ERR_INVALID_TOKEN);
    assert_int_equal(dpop_admit(NULL, &rules, &proven), ERR_INVALID_TOKEN);
    assert_int_equal(dpop_admit(dpop, &rules, &proven), ERR_OK);
    free(proof);
    dpop_free(dpop);
}

/* DP-03 */
static void there_is_one_proof(void **state)
{
    struct dpop *dpop = dpop_new(false);
    struct auth_check check = request(true, true);
    char *proof = make_proof("1", SLICE(""));
    (void)state;
    assert_int_equal(dpop_admit(dpop, &rules, &check), ERR_INVALID_DPOP_PROOF);
    check.proof = slice_of(proof);
    check.proof_count = 2;
    assert_int_equal(dpop_admit(dpop, &rules, &check), ERR_INVALID_DPOP_PROOF);
    check.proof_count = 1;
    check.method = SLICE("POST");
    assert_int_equal(dpop_admit(dpop, &rules, &check), ERR_INVALID_DPOP_PROOF);
    check.method = SLICE("GET");
    assert_int_equal(dpop_admit(dpop, &rules, &check), ERR_OK);
    free(proof);
    dpop_free(dpop);
}

/* DP-07 */
static void a_proof_is_good_once(void **state)
{
    struct slice nonce;
    struct dpop *dpop = dpop_new(false), *other = dpop_new(false);
    (void)state;
    assert_int_equal(come(dpop, "1", SLICE(""), &nonce), ERR_OK);
    assert_int_equal(come(dpop, "1", SLICE(""), &nonce), ERR_INVALID_DPOP_PROOF);
    assert_int_equal(come(dpop, "2", SLICE(""), &nonce), ERR_OK);
    assert_int_equal(come(other, "1", SLICE(""), &nonce), ERR_OK);
    assert_false(slice_present(nonce));
    dpop_free(dpop);
    dpop_free(other);
}

/* DP-09 */
static void a_nonce_is_given_and_asked_for(void **state)
{
    struct slice nonce, next;
    struct dpop *dpop = dpop_new(true), *other = dpop_new(true);
    (void)state;
    assert_int_equal(come(dpop, "1", SLICE(""), &nonce), ERR_USE_DPOP_NONCE);
    assert_true(nonce.len >= 22);
    /* A proof that was refused for its nonce is not used up. */
    assert_int_equal(come(dpop, "1", nonce, &next), ERR_OK);
    assert_int_equal(come(dpop, "1", nonce, &next), ERR_INVALID_DPOP_PROOF);
    assert_int_equal(come(dpop, "2", nonce, &next), ERR_OK);
    assert_int_equal(come(other, "1", nonce, &next), ERR_USE_DPOP_NONCE);
    assert_false(slice_equal(nonce, next));
    dpop_free(dpop);
    dpop_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unbound_token_comes_as_bearer),
        cmocka_unit_test(a_bound_token_never_comes_as_bearer),
        cmocka_unit_test(there_is_one_proof),
        cmocka_unit_test(a_proof_is_good_once),
        cmocka_unit_test(a_nonce_is_given_and_asked_for),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
