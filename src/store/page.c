/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the rows of a page stand. Pure; any thread.
 */
#include "store/page.h"

#include "core/check.h"
#include "store/suppression.h"

#define PLACE(row, time) ((struct store_place){(row).time, (row).id})

struct store_place store_list_place(const struct store_list *list, size_t index)
{
    switch (list->base.verb) {
    case STORE_CUSTOMER_LIST: return PLACE(list->rows.customers[index], created_at);
    case STORE_ORDER_LIST: return PLACE(list->rows.orders[index], time);
    case STORE_MESSAGE_LIST: return PLACE(list->rows.messages[index], created_at);
    case STORE_AUDIT_LIST: return PLACE(list->rows.entries[index], at);
    default: return PLACE(list->rows.suppressions[index], created_at);
    }
}

struct store_place store_list_end(const struct store_list *list)
{
    check(list->more && (list->stopped || list->count > 0));
    return list->stopped ? list->stop : store_list_place(list, list->count - 1);
}
