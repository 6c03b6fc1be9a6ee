// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Every check of an opaque token: what is asked about, what its provider's answer must say, and how long that holds.
 */
import { rowsOf } from '../rows.mjs';

export default [
    /* --- Claims --- */

    ...rowsOf('src/auth/claims.c', ['test_introspection_answer', 'test_claims'], [],
        ['answer.object', 'if (!json_is_object(fields)) return REFUSAL_CLAIMS;\n    if (!json_is_true', 'if (!json_is_true'],
        ['answer.active', 'if (!json_is_true(claim(fields, "active"))) return REFUSAL_INACTIVE;'],
        ['answer.iss', 'if (issuer && !slice_equal(json_text(issuer), rules->issuer)) return REFUSAL_ISSUER;'],
        ['answer.aud',
            'if (!claims_audience(claim(fields, "aud"), rules->audience)) return REFUSAL_AUDIENCE;\n    enum refusal refusal = check_answer_times(',
            'enum refusal refusal = check_answer_times('],
        ['answer.exp.present',
            'if (!claims_time(claim(fields, "exp"), &out->expires_at)) return REFUSAL_EXPIRY;',
            'if (!claims_time(claim(fields, "exp"), &out->expires_at)) out->expires_at = INT64_MAX / 2;'],
        ['answer.exp.past', 'if (now_ms >= out->expires_at) return REFUSAL_EXPIRED;\n    if (issued_at', 'if (issued_at'],
        ['answer.iat', 'if (issued_at && !claims_begun(issued_at, now_ms)) return REFUSAL_ISSUED_AT;'],
        ['answer.nbf',
            'if (not_before && !claims_begun(not_before, now_ms)) return REFUSAL_NOT_YET;\n    return REFUSAL_NONE;\n}\n\nenum refusal claims_check_answer',
            'return REFUSAL_NONE;\n}\n\nenum refusal claims_check_answer'],
        ['answer.client_id', 'return REFUSAL_CLIENT;\n    out->subject = out->client_id;', '{}\n    out->subject = out->client_id;'],
        ['answer.client_id.azp', 'if (!client && rules->lenient) client = claim(fields, "azp");', 'if (!client) client = claim(fields, "azp");'],
        ['answer.sub',
            'if (subject) return claims_name(subject, &out->subject) ? REFUSAL_NONE : REFUSAL_SUBJECT;',
            'if (subject && claims_name(subject, &out->subject)) return REFUSAL_NONE;'],
        ['answer.personal', 'return personal ? REFUSAL_SUBJECT : REFUSAL_NONE;', 'return REFUSAL_NONE;'],
        ['answer.personal.claims', 'permission_personal(fields, rules) || ', ''],
        ['answer.personal.username', ' || names_person(fields);', ';'],
        ['answer.cnf', 'if (!read_binding(claim(fields, "cnf"), out)) return REFUSAL_BOUND;\n    return check_kind(', 'return check_kind('],
        ['answer.token_type',
            'if (!slice_equal_nocase(name, SLICE("DPoP"))) return REFUSAL_OTHER_KIND;',
            'if (!slice_equal_nocase(name, SLICE("DPoP"))) return REFUSAL_NONE;'],
        ['answer.token_type.unbound', 'return slice_present(claims->thumbprint) ? REFUSAL_NONE : REFUSAL_BOUND;', 'return REFUSAL_NONE;']),

    /* --- Whether an answer is one --- */

    ...rowsOf('src/auth/introspection_answer.c', ['test_introspection_answer'], [],
        ['answer.came', 'if (call->result != OUTBOUND_ANSWERED) return fault("the provider did not answer");'],
        ['answer.client_refused', 'if (call->status == 401 || call->status == 403) return client_refused();'],
        ['answer.status', 'if (call->status != 200 && call->status != 400) {', 'if (false) {'],
        ['answer.status.good',
            'return call->status == 200 ? read_claims(call, rules, fields, now_ms) : read_error(fields);',
            'return read_claims(call, rules, fields, now_ms);'],
        ['answer.media_type', 'if (!is_json(call->media_type)) return fault("the provider\'s answer is not JSON");'],
        ['answer.json', 'if (!json_is_object(fields)) return fault("the provider\'s answer is not a JSON object");'],
        ['answer.keep', 'if (claims.expires_at > now_ms + INTROSPECTION_KEEP_MS) {', 'if (false) {'],
        ['answer.refusal', 'if (answer.refusal) return answer;', 'answer.refusal = REFUSAL_NONE;']),

    /* --- The question --- */

    ...rowsOf('src/auth/introspection.c', ['test_introspection'], ['introspection#IN-0[237]'],
        ['inquiry.token.present', 'token.len == 0 || ', ''],
        ['inquiry.token.length', ' || token.len > TOKEN_LEN_MAX', ''],
        ['inquiry.token.alphabet', 'if (!charset_has(&alphabet, token.ptr[i])) return false;'],
        ['inquiry.token.jws', 'return dots != 2 && dots != 4;', 'return dots != 4;'],
        ['inquiry.token.jwe', 'return dots != 2 && dots != 4;', 'return dots != 2;'],
        ['inquiry.same_token', 'if (digest_equal_secret(&call->key, key)) return call;', 'return call;'],
        ['inquiry.rate', 'if (introspection->rate_us - now_us >= RATE_BURST * share_us) return false;'],
        ['inquiry.calls', 'introspection->call_count == CALLS_MAX || ', ''],
        ['inquiry.waiting', 'if (introspection->inquiry_count == INQUIRIES_MAX) return ERR_BUSY;'],
        ['inquiry.provider', 'if (!call && !provider->known) return ERR_UNAVAILABLE;'],
        ['inquiry.fault', 'op_complete(&inquiry->op, answer->fault ? ERR_UNAVAILABLE : ERR_OK);', 'op_complete(&inquiry->op, ERR_OK);'],
        ['inquiry.refusal', 'inquiry->refusal = answer->refusal;', 'inquiry->refusal = REFUSAL_NONE;']),
];
