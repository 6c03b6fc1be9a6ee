/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DPoP proofs and URLs from strangers.
 *
 * The first byte chooses what the rest is: `t` a whole proof, `h` a header and `p` claims (which are then signed with the right key), `u` a
 * URL. Beyond crashes it looks for proofs that pass without the signature, and for normal forms that are not normal.
 */
#include "../unit/token_maker.h"

#include "auth/proof.h"
#include "auth/uri.h"

#define NOW ((int64_t)1800000000000)
#define GOOD_CLAIMS                                                                                \
    SLICE("{\"jti\":\"1\",\"htm\":\"GET\",\"htu\":\"https://a.example/v1\",\"iat\":1800000000,"    \
          "\"ath\":\"wqc_z2HfvcrceaELozCy7162b8Cmc17Wm3lrs8l7l64\",\"nonce\":\"n\"}")

static const struct token_rules rules = {
    .algorithms = 1u << ALGORITHM_EDDSA | 1u << ALGORITHM_RS256 | 1u << ALGORITHM_ES256,
};
static EVP_PKEY *key;
static struct buf good_header;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The key is fixed, so that every run judges an input alike; of RFC 8037 Appendix A.1, whose thumbprint A.3 tells. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const unsigned char seed[32] = {0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba,
        0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19,
        0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60};
    (void)argc;
    (void)argv;
    key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof(seed));
    buf_init(&good_header, MAKER_MAX);
    buf_put_text(&good_header, "{\"typ\":\"dpop+jwt\",\"alg\":\"EdDSA\",\"jwk\":");
    maker_put_jwk(&good_header, key, "");
    buf_put_text(&good_header, "}");
    return 0;
}

static enum refusal judge(struct slice text)
{
    static const struct slice nonces[] = {{"n", 1}, {"m", 1}};
    struct proof proof;
    const struct proof_demand demand = {
        .method = SLICE("GET"),
        .url = SLICE("https://a.example/v1"),
        .token = SLICE("the-token"),
        .thumbprint = SLICE("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"),
        .rules = &rules,
        .nonces = nonces,
        .nonce_count = ARRAY_LEN(nonces),
    };
    enum refusal refusal = proof_check(text, &demand, NOW, &proof);
    check(refusal || proof.nonce < ARRAY_LEN(nonces));
    return refusal;
}

static void judge_signed(struct slice header, struct slice claims)
{
    char *text = maker_token("EdDSA", key, header, claims);
    (void)judge(slice_of(text));
    text[strlen(text) - 2] ^= 2; /* another signature, or none */
    check(judge(slice_of(text)) != REFUSAL_NONE);
    free(text);
}

static void judge_url(struct slice url)
{
    CLEANUP(buf_deinit)
    struct buf once;
    CLEANUP(buf_deinit)
    struct buf twice;
    buf_init(&once, MAKER_MAX);
    buf_init(&twice, MAKER_MAX);
    if (!uri_put_normal(&once, url)) return;
    check(uri_put_normal(&twice, buf_slice(&once)));
    check(slice_equal(buf_slice(&once), buf_slice(&twice)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 65536) return 0;
    struct slice rest = {(const char *)data + 1, size - 1};
    switch (data[0]) {
    case 't': check(judge(rest) != REFUSAL_NONE); break;
    case 'h': judge_signed(rest, GOOD_CLAIMS); break;
    case 'p': judge_signed(buf_slice(&good_header), rest); break;
    case 'u': judge_url(rest); break;
    default: break;
    }
    return 0;
}
