// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Orders in PostgreSQL. Statements have names, so that pg prepares each once per connection.
 */
import pg from 'pg';
import { encodeOrder, newMessage } from './order.js';
import { Refusal } from './refusal.js';

const MESSAGE_LIFETIME_MS = 24 * 60 * 60 * 1000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const SELECT_CUSTOMER = {
    name: 'select-customer',
    text: 'select id, code, name, phone, sms_opt_out from customers where lower(code) = lower($1)',
};
const INSERT_ORDER = {
    name: 'insert-order',
    text: `insert into orders (id, customer_id, item, amount_minor, currency, time, created_by, version, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
};
const INSERT_MESSAGE = {
    name: 'insert-message',
    text: `insert into messages (id, order_id, customer_id, "to", body, encoding, parts, state, failure, due_at, expires_at, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
};
const SELECT_ORDER = {
    name: 'select-order',
    text: `select o.id, c.code as customer, o.customer_id as "customerId", o.item, o.amount_minor as "amountMinor", o.currency, o.time,
            o.version::int, o.created_by as "createdBy", o.created_at as "createdAt", o.updated_at as "updatedAt",
            m.id as "messageId", m.state as "messageState"
        from orders o join customers c on c.id = o.customer_id join messages m on m.order_id = o.id
        where o.id = $1`,
};

/** @param {string} address @param {number} size most connections */
export function makeStore(address, size) {
    const pool = new pg.Pool({ connectionString: address, max: size });
    return {
        createOrder: (order) => inTransaction(pool, (client) => insert(client, order)),
        findOrder: (id) => find(pool, id),
        close: () => pool.end(),
    };
}

async function inTransaction(pool, work) {
    const client = await pool.connect();
    let broken;
    try {
        await client.query('begin');
        const result = await work(client);
        await client.query('commit');
        return result;
    } catch (error) {
        await client.query('rollback').catch((failure) => { broken = failure; });
        throw error;
    } finally {
        client.release(broken);
    }
}

async function insert(client, order) {
    const { rows: [customer] } = await client.query(SELECT_CUSTOMER, [order.customer]);
    if (customer === undefined) throw new Refusal(422, 'customer: is not known');
    const message = newMessage(customer, order);
    const made = { ...order, customer: customer.code, customerId: customer.id, messageState: message.state };
    await client.query(INSERT_ORDER, [made.id, made.customerId, made.item, made.amountMinor, made.currency, made.time, made.createdBy,
        made.version, made.createdAt, made.updatedAt]);
    const expires = new Date(made.createdAt.getTime() + MESSAGE_LIFETIME_MS);
    await client.query(INSERT_MESSAGE, [made.messageId, made.id, made.customerId, customer.phone, message.body, message.encoding,
        message.parts, message.state, message.failure, made.createdAt, expires, made.createdAt]);
    return encodeOrder(made);
}

async function find(pool, id) {
    const { rows: [order] } = UUID.test(id) ? await pool.query(SELECT_ORDER, [id]) : { rows: [] };
    if (order === undefined) throw new Refusal(404, 'no such order');
    return encodeOrder(order);
}
