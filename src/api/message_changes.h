/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people do about messages: send again, one or many; say what became of one.
 */
#pragma once

#include "http/route.h"
#include "store/row.h"

/* POST /v1/messages/{id}/resend */
step_fn message_resend;

/* POST /v1/messages/resend */
struct resend_input {
    enum message_state state;
    int64_t from, to;
    struct slice customer;
    int limit;
    bool dry_run;
};
struct resent {
    int64_t matched, resent;
    bool dry_run;
};
void resend_input_refine(struct req *rq, void *row);
step_fn messages_resend;

/* POST /v1/messages/{id}/settle */
struct settle_input {
    enum message_state state;
    struct slice note;
};
void settle_input_refine(struct req *rq, void *row);
step_fn message_settle;
