/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages: get and list. Each flow waits once, for the store. Worker's thread.
 */
#include "api/messages.h"

#include "api/get.h"
#include "api/list.h"

static struct slice message_owner(const struct store_get *get)
{
    return get->row.message.customer;
}

/* The dispatcher changes a message without counting versions. */
static int64_t message_version(const struct store_get *get)
{
    (void)get;
    return 0;
}

enum step message_get(struct req *rq)
{
    static const struct get_kind kind = {STORE_MESSAGE_GET, message_owner, message_version};
    return req_get(rq, &kind);
}

enum step message_list(struct req *rq)
{
    static const struct list_kind kind = {
        STORE_MESSAGE_LIST, sizeof(struct message), .counts = true};
    return req_list(rq, &kind);
}
