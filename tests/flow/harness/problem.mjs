// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The shape that every refusal has (RFC 9457).
 */
import assert from 'node:assert/strict';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/**
 * Asserts that an answer is a problem document of this status and code.
 * @param {{status: number, headers: object, json: any, text: string}} answer
 * @param {number} status
 * @param {string} [code]
 * @param {string[]} [pointers] the JSON Pointers of the wrong fields, in order
 */
export function isProblem(answer, status, code, pointers) {
    const shown = `${answer.status} ${answer.text.slice(0, 2000)}`;
    assert.equal(answer.status, status, shown);
    assert.equal(answer.headers['content-type'], 'application/problem+json', shown);
    const { type, title, detail, instance, errors, ...rest } = answer.json;
    assert.equal(rest.status, status, shown);
    if (code !== undefined) assert.equal(rest.code, code, shown);
    assert.equal(type, `urn:agizo:problem:${rest.code}`);
    assert.ok(title && detail, shown);
    assert.match(rest.request_id, UUID);
    assert.equal(instance, `urn:uuid:${rest.request_id}`);
    assert.equal(answer.headers['x-request-id'], rest.request_id);
    for (const fault of errors ?? []) {
        assert.deepEqual(Object.keys(fault), ['pointer', 'code', 'detail'], shown);
        assert.ok(fault.code && fault.detail, shown);
    }
    if (pointers !== undefined) assert.deepEqual((errors ?? []).map(({ pointer }) => pointer), pointers, shown);
}
