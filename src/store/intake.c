/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decisions about a create, shared by both drivers (see intake.h).
 *
 * A key is looked at before the customer: a retry is answered with the stored answer even if the customer has gone since.
 * Everything that is kept is copied into the operation's arena, because a driver's rows die with its result set.
 */
#include "store/intake.h"

static struct intake done(enum err err)
{
    return (struct intake){.verdict = INTAKE_DONE, .err = err};
}

static struct intake replay(const struct stored_key *seen, const struct store_op *base,
    const struct store_key *key, struct store_replay *out)
{
    if (!digest_equal_secret(&seen->fingerprint, &key->fingerprint)) return done(ERR_KEY_REUSED);
    *out = seen->replay;
    out->hit = true;
    out->body = arena_copy(base->arena, seen->replay.body);
    return done(ERR_OK);
}

struct intake intake_customer(const struct store_hooks *hooks, struct store_customer_create *op,
    const struct stored_key *seen)
{
    struct intake verdict = {.verdict = INTAKE_WRITE};
    if (seen) return replay(seen, &op->base, &op->key, &op->replay);
    if (op->key.present) verdict.answer = hooks->render_customer(&op->row, op->base.arena);
    return verdict;
}

static void fill_message(const struct order *row, struct message *message)
{
    message->order_id = row->id;
    message->customer_id = row->customer_id;
    message->customer = row->customer;
    message->created_at = row->created_at;
}

struct intake intake_order(const struct store_hooks *hooks, struct store_order_create *op,
    const struct customer *customer, const struct stored_key *seen)
{
    struct intake verdict = {.verdict = INTAKE_WRITE};
    if (seen) return replay(seen, &op->base, &op->key, &op->replay);
    if (!customer) return done(ERR_UNKNOWN_CUSTOMER);
    op->row.customer_id = customer->id;
    op->row.customer = arena_copy(op->base.arena, customer->code);
    op->row.message_id = op->message.id;
    fill_message(&op->row, &op->message);
    hooks->compose(hooks->context, customer, &op->row, op->base.arena, &op->message);
    op->row.message_state = op->message.state;
    if (op->key.present) verdict.answer = hooks->render_order(&op->row, op->base.arena);
    return verdict;
}
