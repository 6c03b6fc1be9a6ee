/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens and key sets from strangers.
 *
 * The first byte chooses what the rest is: `t` a whole token, `h` a header and `p` a payload (which are then signed with the right key,
 * so that what stands behind the signature is reached), `k` a key set, `m` a provider's metadata. Beyond crashes it looks for tokens
 * that pass, and addresses that are taken, and must not.
 */
#include "../unit/token_maker.h"

#include "auth/metadata.h"
#include "auth/token.h"
#include "obs/log.h"

#define NOW ((int64_t)1800000000000)
#define GOOD_HEADER SLICE("{\"typ\":\"at+jwt\",\"alg\":\"EdDSA\",\"kid\":\"k\"}")
#define GOOD_PAYLOAD                                                                               \
    SLICE("{\"iss\":\"https://id.example\",\"aud\":\"agizo\",\"client_id\":\"c\",\"jti\":\"j\","   \
          "\"sub\":\"s\",\"iat\":1800000000,\"exp\":1800000300}")

static const struct token_rules rules = {
    .issuer = {"https://id.example", 18},
    .audience = {"agizo", 5},
    .roles_claim = {"a.roles", 7},
    .algorithms = 1u << ALGORITHM_EDDSA | 1u << ALGORITHM_RS256 | 1u << ALGORITHM_ES256,
};
static EVP_PKEY *key;
static struct keyset *keys;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The key is fixed, so that every run judges an input alike. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const unsigned char seed[32] = {7};
    const char *fault;
    struct buf text;
    (void)argc;
    (void)argv;
    log_set_level(LOG_ERROR); /* a line for each bad key would take most of the time */
    key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof(seed));
    buf_init(&text, MAKER_MAX);
    buf_put_text(&text, "{\"keys\":[");
    maker_put_jwk(&text, key, ",\"kid\":\"k\"");
    buf_put_text(&text, "]}");
    keys = keyset_parse(buf_slice(&text), &fault);
    check(keys != NULL);
    buf_deinit(&text);
    return 0;
}

static void judge(struct slice token, bool is_signed)
{
    struct arena arena;
    arena_init(&arena, 65536);
    unsigned lacking;
    const struct trust trust = {&rules, keys};
    struct auth_check check = {.arena = &arena, .token = token};
    if (!token_check(&check, &trust, 1, NOW, &lacking)) {
        check(is_signed && check.identity.subject.len > 0 && check.identity.client_id.len > 0);
        check(check.identity.expires_at > NOW && !(check.identity.permissions >> PERMISSION_COUNT));
        check(!check.identity.is_customer || check.identity.customer_code.len > 0 ||
              check.identity.permissions == 0);
    }
    arena_deinit(&arena);
}

static void judge_signed(struct slice header, struct slice payload)
{
    char *token = maker_token("EdDSA", key, header, payload);
    judge(slice_of(token), true);
    free(token);
}

static void read_keys(struct slice text)
{
    const char *fault = NULL;
    const struct key *found[KEYSET_TRIES];
    struct keyset *set = keyset_parse(text, &fault);
    check((set == NULL) == (fault != NULL));
    if (set) {
        check(keyset_count(set) <= 64);
        (void)keyset_select(set, slice_absent(), algorithm_find(SLICE("RS256")), found);
    }
    keyset_release(set);
}

static void check_url(const char *url)
{
    check(!url || provider_url_trusted(slice_of(url), rules.issuer));
}

static void read_metadata(struct slice text)
{
    struct metadata metadata CLEANUP(metadata_deinit);
    const char *fault = metadata_read(&metadata, text, rules.issuer);
    check((metadata.keys_url == NULL) == (fault != NULL));
    check_url(metadata.keys_url);
    check_url(metadata.endpoints.authorization);
    check_url(metadata.endpoints.token);
    check_url(metadata.endpoints.end_session);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 65536) return 0;
    struct slice rest = {(const char *)data + 1, size - 1};
    switch (data[0]) {
    case 't': judge(rest, false); break;
    case 'h': judge_signed(rest, GOOD_PAYLOAD); break;
    case 'p': judge_signed(GOOD_HEADER, rest); break;
    case 'k': read_keys(rest); break;
    case 'm': read_metadata(rest); break;
    default: break;
    }
    return 0;
}
