// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Routes, schemas and answers.
 */
import Fastify from 'fastify';
import { makeGate } from './auth.js';
import { newOrder } from './order.js';

const BODY_MAX = 1024 * 1024;

const orderInput = {
    type: 'object',
    required: ['customer', 'item', 'amount'],
    properties: {
        customer: { type: 'string', minLength: 1, maxLength: 64 },
        item: { type: 'string', minLength: 1, maxLength: 200 },
        amount: { type: 'string', pattern: '^[0-9]{1,15}(\\.[0-9]{1,2})?$' },
        currency: { type: 'string', pattern: '^[A-Z]{3}$', default: 'KES' },
        time: { type: 'string', format: 'date-time' },
    },
};

const text = { type: 'string' };
const orderReply = {
    type: 'object',
    properties: {
        id: text, customer: text, customer_id: text, item: text, amount: text, currency: text, time: text, version: { type: 'integer' },
        created_by: text, created_at: text, updated_at: text,
        message: { type: 'object', properties: { id: text, state: text } },
    },
};

/** @param {{store: object, keySet: {keys: object[]}, issuer: string, audience: string}} options */
export function makeApp({ store, keySet, issuer, audience }) {
    const app = Fastify({ logger: false, bodyLimit: BODY_MAX, ajv: { customOptions: { coerceTypes: false } } });
    const requireScope = makeGate({ keySet, issuer, audience });
    app.decorateRequest('user', null);
    app.setErrorHandler(answerError);
    app.get('/livez', async () => '');
    app.post('/v1/orders', { onRequest: requireScope('orders:write'), schema: { body: orderInput, response: { 201: orderReply } } },
        async (request, reply) => {
            const order = await store.createOrder(newOrder(request.body, request.user.sub));
            reply.code(201).header('location', `/v1/orders/${order.id}`);
            return order;
        });
    app.get('/v1/orders/:id', { onRequest: requireScope('orders:read'), schema: { response: { 200: orderReply } } },
        (request) => store.findOrder(request.params.id));
    return app;
}

function answerError(error, request, reply) {
    const refused = error.validation ? 422 : error.statusCode;
    const status = refused >= 400 && refused < 500 ? refused : 500;
    if (status === 500) console.error(error);
    if (status === 401) reply.header('www-authenticate', 'Bearer');
    reply.code(status).send({ status, detail: status === 500 ? 'the order could not be stored or read' : error.message });
}
