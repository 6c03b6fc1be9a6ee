// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Every check of a proof of possession (RFC 9449): whether one must come, whose it is, what it was made for, and that it is new.
 */
import { rowsOf } from '../rows.mjs';

export default [
    /* --- Whether one must come --- */

    ...rowsOf('src/auth/dpop.c', ['test_dpop'], [],
        ['dpop.bound.off',
            'if (bound && !(dpop && check->dpop)) {',
            'if (bound && !dpop) return ERR_OK;\n    if (bound && !check->dpop) {',
            { why: 'DP-01: a bound token is refused also where DPoP is off' }],
        ['dpop.bound.bearer',
            'if (bound && !(dpop && check->dpop)) {',
            'if (bound && dpop && !check->dpop) return ERR_OK;\n    if (bound && !dpop) {'],
        ['dpop.unbound',
            'if (!bound && check->dpop) {\n        return refuse(LOG_TOKEN_REFUSED, REFUSAL_NOT_BOUND, ERR_INVALID_TOKEN);',
            'if (!bound && check->dpop) {\n        return ERR_OK;'],
        ['dpop.proof.count',
            'if (check->proof_count != 1) {\n        return refuse(LOG_PROOF_REFUSED, REFUSAL_PROOF_COUNT, ERR_INVALID_DPOP_PROOF);',
            'if (check->proof_count == 0) {\n        return refuse(LOG_PROOF_REFUSED, REFUSAL_PROOF_COUNT, ERR_INVALID_DPOP_PROOF);'],
        ['dpop.proof.missing', 'if (check->proof_count != 1) {', 'if (check->proof_count == 0) return ERR_OK;\n    if (check->proof_count != 1) {'],
        ['dpop.proof', 'if (refusal) return refuse_proof(check, refusal, nonces[0]);', 'if (refusal) return ERR_OK;'],
        ['dpop.nonce', '.nonce_count = dpop->nonces ? 2 : 0,', '.nonce_count = 0,'],
        ['dpop.jti', 'default: return refuse(LOG_PROOF_REFUSED, REFUSAL_SEEN_BEFORE, ERR_INVALID_DPOP_PROOF);', 'default: return ERR_OK;']),

    /* --- The proof --- */

    ...rowsOf('src/auth/proof.c', ['test_proof'], [],
        ['proof.form', 'if (!refusal) refusal = check_signature(&jws, demand);', 'refusal = check_signature(&jws, demand);'],
        ['proof.signature', 'if (refusal) return refusal;'],
        ['proof.jkt', 'if (!is_base64url_of(demand->thumbprint, &hash)) return REFUSAL_OTHER_KEY;'],
        ['proof.jwk', 'if (jwk_read(jwk, &key)) return REFUSAL_PROOF_KEY;'],
        ['proof.object', 'if (!json_is_object(claims)) return REFUSAL_CLAIMS;'],
        ['proof.htm', 'if (!slice_equal(member(claims, "htm"), demand->method)) return REFUSAL_METHOD;'],
        ['proof.htu', 'if (!url_fits(member(claims, "htu"), demand->url)) return REFUSAL_URL;'],
        ['proof.htu.theirs', 'uri_put_normal(&theirs, text) && ', '(uri_put_normal(&theirs, text) || true) && '],
        ['proof.htu.ours', 'uri_put_normal(&ours, url) &&', '(uri_put_normal(&ours, url) || true) &&'],
        ['proof.htu.equal', 'slice_equal(buf_slice(&theirs), buf_slice(&ours))', 'true'],
        ['proof.iat', 'if (!is_fresh(json_object_get(claims, "iat"), now_ms)) return REFUSAL_ISSUED_AT;'],
        ['proof.iat.present', 'return claims_time(value, &issued_ms) && ', 'return (claims_time(value, &issued_ms) || (issued_ms = now_ms) > 0) && '],
        ['proof.iat.old', 'issued_ms >= now_ms - PROOF_PAST_MS &&', ''],
        ['proof.iat.ahead', 'issued_ms <= now_ms + PROOF_AHEAD_MS', 'true'],
        ['proof.ath', 'if (!is_base64url_of(member(claims, "ath"), &token)) return REFUSAL_TOKEN_HASH;'],
        ['proof.jti', 'if (!claims_name(json_object_get(claims, "jti"), &id)) return REFUSAL_TOKEN_ID;'],
        ['proof.nonce', 'if (slice_equal_secret(nonce, demand->nonces[out->nonce])) return REFUSAL_NONE;', 'return REFUSAL_NONE;'],
        ['proof.nonce.none', 'return REFUSAL_NONCE;', 'return REFUSAL_NONE;']),

    /* --- Its header and key --- */

    ...rowsOf('src/auth/jws.c', ['test_proof'], [],
        ['proof.key.fits', 'if (!key_fits(key, algorithm)) return REFUSAL_KEY_MISMATCH;'],
        ['proof.header',
            'if (refusal) return refusal;\n    if (!key_fits(key, algorithm))',
            'if (refusal) algorithm = algorithm_find(SLICE("ES256"));\n    if (!key_fits(key, algorithm))']),

    /* --- The address it was made for --- */

    ...rowsOf('src/auth/uri.c', ['test_uri'], [],
        ['uri.scheme', 'if (!secure && !slice_equal_nocase(scheme, SLICE("http"))) return false;'],
        ['uri.slashes', 'if (!slice_starts(url, SLICE("//"))) return false;'],
        ['uri.host', 'host.len == 0 || ', 'host.len > 0 && '],
        ['uri.user', " || memchr(host.ptr, '@', host.len)", ''],
        ['uri.host.bracket', "if (host.ptr[0] == '[' && host.ptr[host.len - 1] != ']') return false;"],
        ['uri.port.colon', "if (authority.len > 0 && authority.ptr[0] != ':') return false;"],
        ['uri.percent', 'if (byte < 0) return false;'],
        ['uri.bound', ' && buf_ok(out);', ';']),

    /* --- Once only --- */

    ...rowsOf('src/auth/replay.c', ['test_replay'], [],
        ['replay.full', 'if (shard->young.count == limit) return REPLAY_FULL;']),
];
