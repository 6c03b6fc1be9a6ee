/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gateway: something that takes an SMS over. To add one, write its open function and name it in dispatcher.c.
 *
 * Everything belongs to the dispatcher's loop.
 */
#pragma once

#include "core/config.h"
#include "sms/classify.h"
#include "store/row.h"

/* One message on its way. Completes with ERR_OK when `verdict` is set. */
struct gateway_send {
    struct op op;
    /* In; borrowed until completion. */
    const struct message *message;
    struct arena *arena; /* texts of the verdict go here */
    /* Out. */
    struct verdict verdict;
    struct outbound_call call; /* the implementation's */
};

/* A question whether the account works again, without sending anything. Completes with ERR_OK when `usable` is set. */
struct gateway_probe {
    struct op op;
    struct arena *arena;
    bool usable;
    const char *why; /* a literal, when not usable */
    struct outbound_call call;
};

struct gateway {
    void (*send)(struct gateway *gateway, struct gateway_send *send, op_fn *done);
    void (*probe)(struct gateway *gateway, struct gateway_probe *probe, op_fn *done);
    /* Ends what is on its way without completing it, and frees the gateway. */
    void (*close)(struct gateway *gateway);
};

/* Both: NULL (logged) for settings that can never work. */
struct gateway *africastalking_open(const struct config *config, struct loop *loop);
/* Writes each text to the log instead of sending it. */
struct gateway *log_gateway_open(const struct config *config, struct loop *loop);
