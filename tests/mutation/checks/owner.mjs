// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Every check of who may do what, and of whose a row is: roles and scopes, the routes' permissions, a customer's own records.
 */
import { rowsOf } from '../rows.mjs';

const POSTGRES = { store: 'postgres' };

export default [
    /* --- Rows: a customer sees their own --- */

    ...rowsOf('src/api/get.c', [], ['permissions', 'matrix#AZ-04'],
        ['get.customer', 'if (!rq->identity->is_customer) return true;', 'return true;'],
        ['get.owner', 'return slice_present(own) && slice_equal_nocase(own, owner);', 'return slice_present(own);'],
        ['get.own_code', 'return slice_present(own) && slice_equal_nocase(own, owner);', 'return !slice_present(own) || slice_equal_nocase(own, owner);'],
        ['get.refused', 'if (!may_see(rq, getting->kind->owner(get))) return req_fail(rq, ERR_NOT_FOUND);', '']),

    ...rowsOf('src/api/list.c', [], ['permissions', 'matrix#AZ-04', 'lists'],
        ['list.customer', 'if (!rq->identity->is_customer) return;', 'return;'],
        ['list.own', 'page->list.customer = own;', ''],
        ['list.own_code', '!slice_present(own) || (slice_present(asked)', '(slice_present(asked)'],
        ['list.asked', '(slice_present(asked) && !slice_equal_nocase(asked, own))', 'false'],
        ['list.nothing', 'if (page->nothing) return reply_page(rq);', '']),

    ...rowsOf('src/api/cursor.c', ['test_cursor'], ['lists', 'matrix#AZ-04'],
        ['cursor.mac', 'if (!slice_equal_secret(mac, (struct slice){(const char *)own.mac, MAC_LEN})) return false;', ''],
        ['cursor.length', ' || bytes.len != sizeof(given)) return false;', ') return false;'],
        ['cursor.list', '{(const char *)&list->base.verb, sizeof(list->base.verb)},', ''],
        ['cursor.customer', 'list->customer,', ''],
        ['cursor.from', '{(const char *)&list->from, sizeof(list->from)},', ''],
        ['cursor.to', '{(const char *)&list->to, sizeof(list->to)},', ''],
        ['cursor.state', '{(const char *)&list->state, list->by_state ? sizeof(list->state) : 0},', ''],
        ['cursor.order', '{(const char *)&list->order, list->by_order ? sizeof(list->order) : 0},', ''],
        ['cursor.subject', 'list->subject,', ''],
        ['cursor.record', 'list->record,', ''],
        ['cursor.place', '{(const char *)sealed, offsetof(struct sealed, mac)},', '']),

    ...rowsOf('src/store/sqlite/sql.c', ['test_store'], ['permissions', 'matrix#AZ-04', 'lists'],
        ['sqlite.list_customers', '" and c.code = ?"', '" and (c.code = ? or true)"'],
        ['sqlite.list_orders', 'OF_CUSTOMER("o.customer_id")', '" and (? is null or true)"'],
        ['sqlite.list_messages', 'OF_CUSTOMER("m.customer_id")', '" and (? is null or true)"']),

    ...rowsOf('src/store/sqlite/reads.c', ['test_store'], ['permissions', 'matrix#AZ-04', 'lists'],
        ['sqlite.list_filter', '(slice_present(op->customer) ? SQL_BY_CUSTOMER : 0)', '0']),

    ...rowsOf('src/store/postgres/lists.c', ['test_store'], ['permissions', 'matrix#AZ-04', 'lists'],
        ['postgres.list_customers', '" and lower(c.code) = lower($4 collate \\"C\\")"', '" and ($4::text is null or true)"', POSTGRES],
        ['postgres.list_orders', '" and o.customer_id = " CUSTOMER_OF_CODE', '" and ($4::text is null or true)"', POSTGRES],
        ['postgres.list_messages', '" and m.customer_id = " CUSTOMER_OF_CODE', '" and ($4::text is null or true)"', POSTGRES],
        ['postgres.list_filter', 'if (slice_present(list->customer)) filters |= LIST_BY_CUSTOMER;', '', POSTGRES]),

    /* --- Rights --- */

    ...rowsOf('src/api/routes.c', [], ['matrix#AZ-01'],
        ['route.customers_list', 'customer_list, CAN(CUSTOMERS_READ)', 'customer_list, CAN(ORDERS_READ)'],
        ['route.customers_create', 'customer_create, CAN(CUSTOMERS_WRITE)', 'customer_create, CAN(CUSTOMERS_READ)'],
        ['route.customers_get', 'customer_get, CAN(CUSTOMERS_READ)', 'customer_get, CAN(ORDERS_READ)'],
        ['route.orders_list', 'order_list, CAN(ORDERS_READ)', 'order_list, CAN(MESSAGES_READ)'],
        ['route.orders_create', 'order_create, CAN(ORDERS_WRITE)', 'order_create, CAN(ORDERS_READ)'],
        ['route.orders_get', 'order_get, CAN(ORDERS_READ)', 'order_get, CAN(MESSAGES_READ)'],
        ['route.messages_list', 'message_list, CAN(MESSAGES_READ)', 'message_list, CAN(ORDERS_READ)'],
        ['route.messages_get', 'message_get, CAN(MESSAGES_READ)', 'message_get, CAN(ORDERS_READ)'],
        ['route.audit', 'audit_list, CAN(AUDIT_READ)', 'audit_list, CAN(ORDERS_READ)'],
        ['route.sessions', 'sessions_end, CAN(SESSIONS_WRITE)', 'sessions_end, CAN(ORDERS_READ)']),

    ...rowsOf('src/auth/permission.c', ['test_permission'], ['permissions'],
        ['permission.binds', 'identity->is_customer = true;', ''],
        ['scope.whole_name', 'if (slice_equal(scopes[i], name)) return 1u << i;', 'if (slice_starts(name, scopes[i])) return 1u << i;'],
        ['role.whole_name', 'if (slice_equal(roles[i].name, name)) return 1u << i;', 'if (slice_starts(name, roles[i].name)) return 1u << i;'],
        ['role.viewer', '{{"viewer", 6}, OWN_READS}', '{{"viewer", 6}, OWN_READS | ENTRY}'],
        ['role.clerk', '{{"clerk", 5}, OWN_READS | ENTRY}', '{{"clerk", 5}, OWN_READS | ENTRY | OFFICE}'],
        ['role.customer', '{{"customer", 8}, OWN_READS}', '{{"customer", 8}, OWN_READS | ENTRY}']),

    /* --- The same, of a session --- */

    ...rowsOf('src/api/session.c', [], ['matrix#AZ-0[46]', 'login#RP-14'],
        ['session.permissions', '.permissions = (permission_set)row->permissions,', '.permissions = ~(permission_set)0,'],
        ['session.is_customer', '.is_customer = row->is_customer,', ''],
        ['session.renew_permissions', 'row->permissions = grant->identity.permissions;', '',
            { why: 'rights that were taken away would last as long as the session' }],
        ['session.renew_is_customer', 'row->is_customer = grant->identity.is_customer;', ''],
        ['session.renew_customer_code', 'row->customer_code = grant->identity.customer_code;', '']),

    ...rowsOf('src/api/sign_in.c', [], ['matrix#AZ-04'],
        ['session.began_is_customer', '.is_customer = grant->identity.is_customer,', '']),

    ...rowsOf('src/store/sqlite/sessions.c', ['test_store_sessions'], ['matrix#AZ-04'],
        ['sqlite.session_is_customer', 'out->is_customer = query_take_i64(query) != 0;', 'out->is_customer = query_take_i64(query) != 0 && 0;']),

    ...rowsOf('src/store/postgres/sessions.c', ['test_store_sessions'], ['matrix#AZ-04'],
        ['postgres.session_is_customer', 'out->is_customer = row_bool(row);', 'out->is_customer = row_bool(row) && 0;', POSTGRES]),
];
