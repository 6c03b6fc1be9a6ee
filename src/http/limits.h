/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bounds of HTTP, in bytes, counts and milliseconds. docs/api.md states them to clients.
 */
#pragma once

#define HTTP_TARGET_MAX 8192
#define HTTP_HEAD_MAX 16384
#define HTTP_FIELDS_MAX 100
/* More than any route knows. Each is compared with all before it, and that before anybody is asked who they are. */
#define HTTP_PARAMETERS_MAX 32
#define HTTP_BODY_MAX (1024 * 1024)
#define HTTP_REPLY_MAX (16 * 1024 * 1024)
/* Everything a request may take beside its body and reply. */
#define HTTP_ARENA_MAX (4 * 1024 * 1024)

#define HTTP_HEAD_MS 10000
#define HTTP_BODY_STALL_MS 30000
#define HTTP_IDLE_MS 75000

/* Per worker; past it new connections wait in the kernel's queue. */
#define HTTP_CONNECTIONS_MAX 16384
