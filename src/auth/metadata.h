/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a provider says of itself (OpenID Connect Discovery 1.0 §3, RFC 8414 §2).
 */
#pragma once

#include "auth/provider.h"

struct metadata {
    char *keys_url;
    struct endpoints endpoints;
};

/* NULL when it can be used, else why not, in a literal; metadata_deinit() in either case. */
const char *metadata_read(struct metadata *metadata, struct slice text, struct slice issuer);
void metadata_deinit(struct metadata *metadata);
/* Moves the endpoints to `to`, unless they are the same as there: whoever borrows a text from `to` keeps it while nothing changes. */
void metadata_move_endpoints(struct metadata *metadata, struct endpoints *to);
void endpoints_deinit(struct endpoints *endpoints);
