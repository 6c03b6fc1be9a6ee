/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The route table is the API: method, path, step, permission, request schema, reply schema, query parameters. It drives routing,
 * the gate and the metrics' labels. Pure data.
 */
#include "api/routes.h"

#include "api/audit.h"
#include "api/callbacks.h"
#include "api/customers.h"
#include "api/gate.h"
#include "api/gateway.h"
#include "api/message_changes.h"
#include "api/messages.h"
#include "api/orders.h"
#include "api/schemas.h"
#include "api/session_view.h"
#include "api/sign_in.h"
#include "api/sign_out.h"
#include "api/suppressions.h"
#include "api/templates.h"
#include "core/check.h"
#include "core/slice.h"
#include "obs/metrics.h"

static const char *const page_of_customers[] = {
    "limit", "cursor", "customer", "from", "to", "q", NULL};
static const char *const page_of_orders[] = {
    "limit", "cursor", "customer", "from", "to", "currency", "min_amount", "max_amount", "q", NULL};
static const char *const page_of_messages[] = {
    "limit", "cursor", "customer", "from", "to", "state", "order", "q", NULL};
static const char *const page_of_audit[] = {
    "limit", "cursor", "from", "to", "subject", "record", NULL};
static const char *const page_of_suppressions[] = {"limit", "cursor", "from", "to", "phone", NULL};
static const char *const if_unknown[] = {"unknown", NULL};
static const char *const only_to_see[] = {"dry_run", NULL};
static const char *const whose_sessions[] = {"subject", "issuer", NULL};

#define CAN(permission) PERMISSION_##permission
#define ROUTE(method, path, step, permission, ...)                                                 \
    {                                                                                              \
        method, path, method " " path, step, permission, false, false, __VA_ARGS__, .enter = NULL  \
    }
/* The same, but for customers: it is about everybody's messages. */
#define STAFF(method, path, step, permission, ...)                                                 \
    {                                                                                              \
        method, path, method " " path, step, permission, false, true, __VA_ARGS__, .enter = NULL   \
    }
/* Its step comes first, and asks for credentials itself or needs none. */
#define OPEN(method, path, step)                                                                   \
    {                                                                                              \
        method, path, method " " path, step, .enter = step                                         \
    }
/* The same for a person's browser on its way; it changes something here or at the provider. */
#define VISIT(path, step)                                                                          \
    {                                                                                              \
        "GET", path, "GET " path, step, .enter = step, .visit = true                               \
    }

static const struct route routes[] = {
    ROUTE("GET", "/v1/customers", customer_list, CAN(CUSTOMERS_READ), NULL, customer_schema,
        page_of_customers),
    ROUTE("POST", "/v1/customers", customer_create, CAN(CUSTOMERS_WRITE), customer_schema,
        customer_schema, NULL),
    ROUTE("GET", "/v1/customers/{id}", customer_get, CAN(CUSTOMERS_READ), NULL, customer_schema,
        NULL),
    ROUTE("GET", "/v1/orders", order_list, CAN(ORDERS_READ), NULL, order_schema, page_of_orders),
    ROUTE("POST", "/v1/orders", order_create, CAN(ORDERS_WRITE), order_input_schema, order_schema,
        NULL),
    ROUTE("GET", "/v1/orders/{id}", order_get, CAN(ORDERS_READ), NULL, order_schema, NULL),
    ROUTE("GET", "/v1/messages", message_list, CAN(MESSAGES_READ), NULL, message_schema,
        page_of_messages),
    ROUTE("GET", "/v1/messages/{id}", message_get, CAN(MESSAGES_READ), NULL, message_schema, NULL),
    ROUTE("POST", "/v1/messages/{id}/resend", message_resend, CAN(MESSAGES_WRITE), NULL,
        message_schema, if_unknown),
    ROUTE("POST", "/v1/messages/{id}/settle", message_settle, CAN(MESSAGES_WRITE),
        settle_input_schema, message_schema, NULL),
    ROUTE("POST", "/v1/messages/resend", messages_resend, CAN(MESSAGES_WRITE), resend_input_schema,
        NULL, NULL),
    STAFF("GET", "/v1/gateway", gateway_view, CAN(MESSAGES_READ), NULL, gateway_schema, NULL),
    ROUTE("PUT", "/v1/gateway", gateway_switch, CAN(MESSAGES_WRITE), gateway_input_schema,
        gateway_schema, NULL),
    STAFF("GET", "/v1/suppressions", suppression_list, CAN(MESSAGES_READ), NULL, suppression_schema,
        page_of_suppressions),
    ROUTE("POST", "/v1/suppressions", suppression_add, CAN(MESSAGES_WRITE),
        suppression_input_schema, suppression_schema, NULL),
    ROUTE("DELETE", "/v1/suppressions/{id}", suppression_remove, CAN(MESSAGES_WRITE), NULL, NULL,
        NULL),
    STAFF("GET", "/v1/templates", template_list, CAN(MESSAGES_READ), NULL, template_schema, NULL),
    STAFF("GET", "/v1/templates/{event}/{language}", template_get, CAN(MESSAGES_READ), NULL,
        template_schema, NULL),
    ROUTE("PUT", "/v1/templates/{event}/{language}", template_put, CAN(MESSAGES_WRITE),
        template_input_schema, template_schema, only_to_see),
    ROUTE("DELETE", "/v1/templates/{event}/{language}", template_remove, CAN(MESSAGES_WRITE), NULL,
        NULL, NULL),
    OPEN("POST", "/v1/callbacks/africastalking/{secret}/delivery", callback_delivery),
    OPEN("POST", "/v1/callbacks/africastalking/{secret}/optout", callback_optout),
    ROUTE("GET", "/v1/audit", audit_list, CAN(AUDIT_READ), NULL, audit_schema, page_of_audit),
    ROUTE("DELETE", "/v1/sessions", sessions_end, CAN(SESSIONS_WRITE), NULL, NULL, whose_sessions),
    OPEN("GET", "/", landing_view),
    VISIT("/auth/login", sign_in_begin),
    VISIT("/auth/callback", sign_in_finish),
    VISIT("/auth/callback/{issuer}", sign_in_finish),
    OPEN("POST", "/auth/logout", sign_out),
    VISIT("/auth/logout", sign_out_leave),
    OPEN("GET", "/auth/session", session_view),
    OPEN("POST", "/auth/backchannel-logout", backchannel_logout),
};
_Static_assert(ARRAY_LEN(routes) < METRIC_LABEL_MAX, "every route has a label");

const struct route_table *api_routes(void)
{
    static const struct route_table table = {
        routes, ARRAY_LEN(routes), api_enter, .secret_behind = CALLBACKS_NAME};
    return &table;
}

struct slice api_route_label(unsigned value)
{
    if (value == 0) return SLICE("none");
    if (value > ARRAY_LEN(routes)) return slice_absent();
    return slice_of(routes[value - 1].label);
}
