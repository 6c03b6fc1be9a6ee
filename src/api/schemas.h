/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schemas of the API's resources.
 */
#pragma once

#include "api/schema.h"
#include "store/audit.h"
#include "store/row.h"

/* What a client writes of an order; the rest of the row is the service's. */
struct order_input {
    struct slice customer, item, amount, currency, external_ref;
    int64_t time;         /* 0: now */
    int64_t amount_minor; /* by order_input_refine() */
};

schema_fn customer_schema;                              /* struct customer */
schema_fn order_input_schema;                           /* struct order_input */
schema_fn order_schema;                                 /* struct order */
schema_fn message_schema;                               /* struct message */
schema_fn audit_schema;                                 /* struct audit_entry */
schema_fn resend_input_schema, settle_input_schema;     /* struct resend_input, settle_input */
schema_fn suppression_input_schema, suppression_schema; /* struct suppression_input, suppression */
schema_fn template_input_schema, template_schema;       /* struct template_input, template */
schema_fn gateway_input_schema, gateway_schema;         /* struct gateway_input, sms_status */
schema_fn template_view_schema;                         /* struct template_view */
schema_fn resent_schema;                                /* struct resent */
schema_fn session_schema, sessions_ended_schema;        /* struct session, store_session_end */
schema_fn way_out_schema;                               /* struct way_out */
/* Of forms, for the document alone. */
schema_fn report_form_schema, optout_form_schema, logout_form_schema;
