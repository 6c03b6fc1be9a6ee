/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lingering close (RFC 9112 §9.6): lets a client that is still sending read the answer that refused it.
 */
#pragma once

#include "core/list.h"
#include "net/loop.h"

struct lingers {
    struct loop *loop;
    struct list sockets;
    size_t count;
};

void lingers_init(struct lingers *lingers, struct loop *loop);
/* Takes over a connection whose last answer has been sent; the caller closes its own descriptor. */
void lingers_add(struct lingers *lingers, int fd);
/* Ends those whose time is over; call about once a second. */
void lingers_sweep(struct lingers *lingers);
/* Ends all. */
void lingers_deinit(struct lingers *lingers);
