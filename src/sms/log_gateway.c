/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gateway for a first look: each text becomes a log line, and counts as accepted at once.
 *
 * Runs on the dispatcher's loop; keeps nothing but the loop. Never refuses, never stops.
 */
#include "obs/log.h"
#include "sms/gateway.h"

struct log_gateway {
    struct gateway base;
    struct loop *loop;
};

static void send_message(struct gateway *base, struct gateway_send *send, op_fn *done)
{
    struct log_gateway *gateway = CONTAINER_OF(base, struct log_gateway, base);
    char id[UUID_TEXT_LEN];
    uuid_format(send->message->id, id);
    op_start(&send->op, gateway->loop, done);
    log_write(LOG_SMS_LOGGED, LOG_TEXT("message", ((struct slice){id, sizeof(id)})),
        LOG_PHONE("to", send->message->to), LOG_TEXT("text", send->message->body));
    send->verdict = (struct verdict){
        .class = VERDICT_ACCEPTED,
        .retry_after_ms = -1,
        .provider_id = arena_format(send->arena, "log-%.*s", UUID_TEXT_LEN, id),
        .provider_status = SLICE("Logged"),
    };
    op_complete(&send->op, ERR_OK);
}

static void probe_account(struct gateway *base, struct gateway_probe *probe, op_fn *done)
{
    struct log_gateway *gateway = CONTAINER_OF(base, struct log_gateway, base);
    op_start(&probe->op, gateway->loop, done);
    probe->usable = true;
    op_complete(&probe->op, ERR_OK);
}

static void close_gateway(struct gateway *base)
{
    free(CONTAINER_OF(base, struct log_gateway, base));
}

struct gateway *log_gateway_open(const struct config *config, struct loop *loop)
{
    (void)config;
    struct log_gateway *gateway = memory_zeroed(sizeof(*gateway));
    *gateway = (struct log_gateway){{send_message, probe_account, close_gateway}, loop};
    return &gateway->base;
}
