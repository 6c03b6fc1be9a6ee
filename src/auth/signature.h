/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One signature against one key.
 */
#pragma once

#include <openssl/evp.h>

#include "auth/algorithm.h"

/* True when a signature of `len` bytes can be one of `algorithm` by `key`: RSA as long as the modulus, the rest of fixed length
 * (RFC 7518 §3.3–3.5, RFC 8037 §3.1). */
bool signature_length_fits(const struct algorithm *algorithm, EVP_PKEY *key, size_t len);
/* True when `signature`, of fitting length, is `key`'s over `input`. The key is of the algorithm's kind. */
bool signature_verify(
    const struct algorithm *algorithm, EVP_PKEY *key, struct slice input, struct slice signature);
