/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turns the members of a batch into arrays, one per column: a pass over the members for each.
 *
 * A statement's parameters are a table of columns: the type on the wire, and where the value stands in the member's operation. The
 * order of the statements is the order in which every batch takes its locks (keys, customers, orders), so that batches never
 * wait for each other crosswise.
 *
 * Called by batch.c on the loop thread. Values are copied into the connection's parameters; nothing is kept here.
 */
#include "store/postgres/batch_write.h"

#include "store/intake.h"
#include "store/postgres/creates.h"
#include "store/postgres/rows.h"

enum column_kind {
    COLUMN_UUID,
    COLUMN_TEXT,
    COLUMN_I64,
    COLUMN_I32,
    COLUMN_BOOL,
    COLUMN_TIME,
    COLUMN_TIME_OR_NULL,
    COLUMN_EVENT,
    COLUMN_STATE,
    COLUMN_ENCODING,
    COLUMN_KEY,
    COLUMN_KIND_COUNT
};

/* `offset`: of the value in the struct that embeds the operation. */
struct column {
    enum column_kind kind;
    size_t offset;
};

static const enum type_oid type_of[COLUMN_KIND_COUNT] = {
    [COLUMN_UUID] = OID_UUID,
    [COLUMN_TEXT] = OID_TEXT,
    [COLUMN_I64] = OID_INT8,
    [COLUMN_I32] = OID_INT4,
    [COLUMN_BOOL] = OID_BOOL,
    [COLUMN_TIME] = OID_TIMESTAMPTZ,
    [COLUMN_TIME_OR_NULL] = OID_TIMESTAMPTZ,
    [COLUMN_EVENT] = OID_TEXT,
    [COLUMN_STATE] = OID_TEXT,
    [COLUMN_ENCODING] = OID_TEXT,
    [COLUMN_KEY] = OID_BYTEA,
};

#define IN_CUSTOMER(kind, field)                                                                   \
    {                                                                                              \
        COLUMN_##kind, offsetof(struct store_customer_create, field)                               \
    }
#define IN_ORDER(kind, field)                                                                      \
    {                                                                                              \
        COLUMN_##kind, offsetof(struct store_order_create, field)                                  \
    }

static const struct column customer_columns[] = {
    IN_CUSTOMER(UUID, row.id),
    IN_CUSTOMER(TEXT, row.code),
    IN_CUSTOMER(TEXT, row.name),
    IN_CUSTOMER(TEXT, row.phone),
    IN_CUSTOMER(TEXT, row.language),
    IN_CUSTOMER(BOOL, row.sms_opt_out),
    IN_CUSTOMER(I64, row.version),
    IN_CUSTOMER(TIME, row.created_at),
    IN_CUSTOMER(TIME, row.updated_at),
    IN_CUSTOMER(KEY, key),
};

/* Followed by the customer's version, which stands in the member. */
static const struct column order_columns[] = {
    IN_ORDER(UUID, row.id),
    IN_ORDER(UUID, row.customer_id),
    IN_ORDER(TEXT, row.item),
    IN_ORDER(I64, row.amount_minor),
    IN_ORDER(TEXT, row.currency),
    IN_ORDER(TIME, row.time),
    IN_ORDER(TEXT, row.external_ref),
    IN_ORDER(TEXT, row.created_by),
    IN_ORDER(I64, row.version),
    IN_ORDER(TIME, row.created_at),
    IN_ORDER(TIME, row.updated_at),
    IN_ORDER(KEY, key),
};

static const struct column message_columns[] = {
    IN_ORDER(UUID, message.id),
    IN_ORDER(UUID, message.order_id),
    IN_ORDER(UUID, message.customer_id),
    IN_ORDER(EVENT, message.event),
    IN_ORDER(TEXT, message.to),
    IN_ORDER(TEXT, message.body),
    IN_ORDER(ENCODING, message.encoding),
    IN_ORDER(I32, message.parts),
    IN_ORDER(STATE, message.state),
    IN_ORDER(TEXT, message.failure),
    IN_ORDER(TIME_OR_NULL, message.due_at),
    IN_ORDER(TIME_OR_NULL, message.turn_at),
    IN_ORDER(TIME_OR_NULL, message.expires_at),
    IN_ORDER(TIME, message.created_at),
};

static void put_key(struct params *params, const struct store_key *key)
{
    params_bytes(params, key->present ? digest_slice(&key->id) : slice_absent());
}

static void put_value(struct params *params, enum column_kind kind, const void *at)
{
    switch (kind) {
    case COLUMN_UUID: params_uuid(params, at); return;
    case COLUMN_TEXT: params_bytes(params, *(const struct slice *)at); return;
    case COLUMN_I64: params_i64(params, *(const int64_t *)at); return;
    case COLUMN_I32: params_i32(params, *(const int *)at); return;
    case COLUMN_BOOL: params_bool(params, *(const bool *)at); return;
    case COLUMN_TIME: params_time(params, *(const int64_t *)at); return;
    case COLUMN_TIME_OR_NULL: params_time_or_null(params, *(const int64_t *)at); return;
    case COLUMN_EVENT:
        params_bytes(params, message_event_text(*(const enum message_event *)at));
        return;
    case COLUMN_STATE:
        params_bytes(params, message_state_text(*(const enum message_state *)at));
        return;
    case COLUMN_ENCODING:
        params_bytes(params, encoding_text(*(const enum message_encoding *)at));
        return;
    case COLUMN_KEY: put_key(params, at); return;
    case COLUMN_KIND_COUNT: break;
    }
    check(false);
}

/* The struct that embeds the operation of either verb begins with it. */
_Static_assert(
    offsetof(struct store_customer_create, base) == 0, "offsets count from the operation");
_Static_assert(offsetof(struct store_order_create, base) == 0, "offsets count from the operation");

static void put_columns(
    struct batch *batch, enum store_verb verb, const struct column *columns, size_t count)
{
    struct params *params = connection_params(batch->creates->connection);
    for (size_t column = 0; column < count; column++) {
        params_array(params, type_of[columns[column].kind]);
        for (size_t i = 0; i < batch->count; i++) {
            const struct store_op *op = batch->members[i].op;
            if (op->verb != verb) continue;
            put_value(params, columns[column].kind, (const char *)op + columns[column].offset);
        }
        params_array_end(params);
    }
}

static void execute(const struct batch *batch, enum statement statement)
{
    connection_execute(batch->creates->connection, statement_name(statement));
}

struct slice create_code(struct store_op *op)
{
    return op->verb == STORE_ORDER_CREATE ? order_create(op)->row.customer
                                          : customer_create(op)->row.code;
}

static struct slice wanted_ref(struct store_op *op)
{
    return op->verb == STORE_ORDER_CREATE ? order_create(op)->row.external_ref : slice_absent();
}

void batch_put_resolve(struct batch *batch)
{
    struct params *params = connection_params(batch->creates->connection);
    const struct member *end = batch->members + batch->count;
    params_array(params, OID_TEXT);
    for (struct member *m = batch->members; m < end; m++) params_bytes(params, create_code(m->op));
    params_array_end(params);
    params_array(params, OID_BYTEA);
    for (struct member *m = batch->members; m < end; m++) put_key(params, create_key(m->op));
    params_array_end(params);
    params_array(params, OID_TEXT);
    for (struct member *m = batch->members; m < end; m++) params_bytes(params, wanted_ref(m->op));
    params_array_end(params);
    params_array(params, OID_UUID);
    for (struct member *m = batch->members; m < end; m++) {
        if (m->op->tries) {
            params_uuid(params, create_id(m->op));
        } else {
            params_null(params);
        }
    }
    params_array_end(params);
    execute(batch, STATEMENT_RESOLVE);
}

static bool is_keyed(const struct member *member)
{
    return create_key(member->op)->present;
}

static size_t count_keyed(const struct batch *batch)
{
    size_t count = 0;
    for (size_t i = 0; i < batch->count; i++) count += is_keyed(&batch->members[i]);
    return count;
}

static size_t count_verb(const struct batch *batch, enum store_verb verb)
{
    size_t count = 0;
    for (size_t i = 0; i < batch->count; i++) count += batch->members[i].op->verb == verb;
    return count;
}

static int64_t created_at(struct store_op *op)
{
    return op->verb == STORE_ORDER_CREATE ? order_create(op)->row.created_at
                                          : customer_create(op)->row.created_at;
}

static bool is_audited(const struct store_op *op, enum store_verb verb)
{
    return op->verb == verb && op->actor;
}

static size_t count_audited(const struct batch *batch, enum store_verb verb)
{
    size_t count = 0;
    for (size_t i = 0; i < batch->count; i++) count += is_audited(batch->members[i].op, verb);
    return count;
}

/* One array of the audited members' ids. */
static void put_audited_ids(struct batch *batch, enum store_verb verb, bool of_entries)
{
    struct params *params = connection_params(batch->creates->connection);
    params_array(params, OID_UUID);
    for (size_t i = 0; i < batch->count; i++) {
        struct store_op *op = batch->members[i].op;
        if (is_audited(op, verb)) params_uuid(params, of_entries ? &op->audit_id : create_id(op));
    }
    params_array_end(params);
}

/* Where the texts of an entry stand in struct audit_actor, in the statements' order. */
static const size_t actor_texts[] = {
    offsetof(struct audit_actor, issuer),
    offsetof(struct audit_actor, subject),
    offsetof(struct audit_actor, client_id),
    offsetof(struct audit_actor, address),
    offsetof(struct audit_actor, request),
};

static void audit(struct batch *batch, enum store_verb verb, enum statement statement)
{
    struct params *params = connection_params(batch->creates->connection);
    if (!count_audited(batch, verb)) return;
    put_audited_ids(batch, verb, false);
    put_audited_ids(batch, verb, true);
    for (size_t column = 0; column < ARRAY_LEN(actor_texts); column++) {
        params_array(params, OID_TEXT);
        for (size_t i = 0; i < batch->count; i++) {
            const struct store_op *op = batch->members[i].op;
            if (!is_audited(op, verb)) continue;
            const char *text = (const char *)op->actor + actor_texts[column];
            params_bytes(params, *(const struct slice *)text);
        }
        params_array_end(params);
    }
    execute(batch, statement);
}

typedef void member_value_fn(struct params *params, const struct member *member);

/* One array of the keyed members: `put` adds the value of one. */
static void put_keyed(struct batch *batch, enum type_oid type, member_value_fn *put)
{
    struct params *params = connection_params(batch->creates->connection);
    params_array(params, type);
    for (size_t i = 0; i < batch->count; i++) {
        if (is_keyed(&batch->members[i])) put(params, &batch->members[i]);
    }
    params_array_end(params);
}

static void put_key_id(struct params *params, const struct member *member)
{
    put_key(params, create_key(member->op));
}

static void put_fingerprint(struct params *params, const struct member *member)
{
    params_bytes(params, digest_slice(&create_key(member->op)->fingerprint));
}

static void put_resource(struct params *params, const struct member *member)
{
    params_uuid(params, create_id(member->op));
}

static void put_answer(struct params *params, const struct member *member)
{
    params_bytes(params, member->answer);
}

static void put_creation(struct params *params, const struct member *member)
{
    params_time(params, created_at(member->op));
}

static void insert_keys(struct batch *batch)
{
    put_keyed(batch, OID_BYTEA, put_key_id);
    put_keyed(batch, OID_BYTEA, put_fingerprint);
    put_keyed(batch, OID_UUID, put_resource);
    put_keyed(batch, OID_TEXT, put_answer);
    put_keyed(batch, OID_TIMESTAMPTZ, put_creation);
    params_i32(connection_params(batch->creates->connection), INTAKE_STATUS);
    execute(batch, STATEMENT_KEYS_INSERT);
}

static void release_keys(struct batch *batch)
{
    put_keyed(batch, OID_BYTEA, put_key_id);
    put_keyed(batch, OID_UUID, put_resource);
    execute(batch, STATEMENT_KEYS_RELEASE);
}

static void insert_customers(struct batch *batch)
{
    put_columns(batch, STORE_CUSTOMER_CREATE, customer_columns, ARRAY_LEN(customer_columns));
    execute(batch, STATEMENT_CUSTOMERS_INSERT);
    audit(batch, STORE_CUSTOMER_CREATE, STATEMENT_AUDIT_OF_CUSTOMERS);
}

/* No order of the batch can be there already, nor its reference. */
static bool is_new(const struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct store_op *op = batch->members[i].op;
        if (op->verb != STORE_ORDER_CREATE) continue;
        if (op->tries > 1 || slice_present(order_create(op)->row.external_ref)) return false;
    }
    return true;
}

static void insert_orders(struct batch *batch)
{
    struct params *params = connection_params(batch->creates->connection);
    put_columns(batch, STORE_ORDER_CREATE, order_columns, ARRAY_LEN(order_columns));
    params_array(params, OID_INT8);
    for (size_t i = 0; i < batch->count; i++) {
        const struct member *member = &batch->members[i];
        if (member->op->verb != STORE_ORDER_CREATE) continue;
        params_i64(params, member->customer_version);
    }
    params_array_end(params);
    execute(batch, is_new(batch) ? STATEMENT_ORDERS_INSERT_NEW : STATEMENT_ORDERS_INSERT);
    put_columns(batch, STORE_ORDER_CREATE, message_columns, ARRAY_LEN(message_columns));
    execute(batch, STATEMENT_MESSAGES_INSERT);
    audit(batch, STORE_ORDER_CREATE, STATEMENT_AUDIT_OF_ORDERS);
}

void batch_put_writes(struct batch *batch)
{
    size_t keyed = count_keyed(batch);
    if (keyed) insert_keys(batch);
    if (count_verb(batch, STORE_CUSTOMER_CREATE)) insert_customers(batch);
    if (count_verb(batch, STORE_ORDER_CREATE)) insert_orders(batch);
    if (keyed) release_keys(batch);
}
