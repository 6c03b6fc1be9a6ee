// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * What is measured: requests in groups that arrive together, each group answered before the next one comes.
 *
 * `together` is the size of a group, which is also the number of connections; `groups` of them are measured, after `WARM_UP` that are
 * not. `request(n)` makes the n-th request; `status` is the answer it must get. Groups of one make batches of one and repeat to
 * the instruction, nearly; groups of 64 make full batches. One that `writes` makes batches; one with `sms` ends when every message has been
 * handed to the gateway, and varies more, because the dispatcher works beside the requests.
 */

export const WARM_UP = 4; /* groups */

/** Codes of the customers that exist before the first scenario: one whose messages are skipped, one whose messages are sent. */
export const CUSTOMERS = {
    silent: { code: 'COST-1', name: 'Asha Test' },
    phoned: { code: 'COST-2', name: 'Baraka Test', phone: '+254700000001' },
};

/** Orders of the silent customer that exist before the first scenario. */
export const ORDERS = 64;

function order(customer) {
    return (n) => ({
        method: 'POST',
        target: '/v1/orders',
        body: JSON.stringify({ customer: customer.code, item: `Maize flour, bag ${1000 + n}`, amount: `${100 + (n % 900)}.50` }),
    });
}

function keyedOrder(n) {
    return { ...order(CUSTOMERS.silent)(n), headers: { 'idempotency-key': `cost-${10_000 + n}` } };
}

function read(n, ids) {
    return { method: 'GET', target: `/v1/orders/${ids[n % ids.length]}` };
}

export const SCENARIOS = [
    { name: 'order', together: 1, groups: 200, request: order(CUSTOMERS.silent), status: 201, writes: true },
    { name: 'order ×64', together: 64, groups: 10, request: order(CUSTOMERS.silent), status: 201, writes: true },
    { name: 'order with key ×64', together: 64, groups: 10, request: keyedOrder, status: 201, writes: true },
    { name: 'order and SMS ×64', together: 64, groups: 10, request: order(CUSTOMERS.phoned), status: 201, writes: true, sms: true },
    { name: 'read', together: 1, groups: 200, request: read, status: 200 },
    { name: 'read ×64', together: 64, groups: 10, request: read, status: 200 },
];
