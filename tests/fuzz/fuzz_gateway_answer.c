/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers of a gateway, of any status and body.
 *
 * The first byte chooses the status, the rest is the body. Beyond crashes it looks for the two verdicts that cost money or trust: accepted
 * without a message id, and another try although the gateway named one.
 */
#include "core/check.h"
#include "sms/classify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const int statuses[] = {201, 200, 400, 401, 409, 429, 500, 502, 503, 504};

static void judge(const struct outbound_call *call)
{
    struct verdict verdict = classify_send(call, SLICE("+254712345678"));
    check(verdict.class <= VERDICT_UNKNOWN);
    check(slice_present(verdict.provider_status));
    check((verdict.class == VERDICT_ACCEPTED) == !slice_present(verdict.reason));
    if (verdict.class == VERDICT_ACCEPTED) check(slice_present(verdict.provider_id));
    if (verdict.class <= VERDICT_ACCOUNT_STOP && verdict.class != VERDICT_ACCEPTED) {
        check(!slice_present(verdict.provider_id));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    const char *why;
    if (size == 0) return 0;
    arena_init(&arena, 1 << 20);
    const struct outbound_call call = {
        .result = OUTBOUND_ANSWERED,
        .status = statuses[data[0] % ARRAY_LEN(statuses)],
        .reply = {(const char *)data + 1, size - 1},
        .retry_after_ms = -1,
        .arena = &arena,
    };
    judge(&call);
    (void)classify_balance(&call, &why);
    arena_deinit(&arena);
    return 0;
}
