// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * /openapi.json as tests read it: its operations, and a judge of answers.
 *
 *   const description = new Description(document);
 *   description.operations         [{id, method, path, guarded, statuses: ['200', …], …}]
 *   description.judge(operation, answer)       throws unless the answer is one that the operation declares, body and fields
 *
 * Answers may have more members one day, so the document allows them; here a member that is not described is a fault.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const METHODS = ['get', 'put', 'post', 'delete', 'patch'];
/* Fields that an answer may also lack; without what they are about there is nothing to say. */
const OPTIONAL = ['Link', 'Idempotency-Replayed'];

function strictAjv() {
    const ajv = new Ajv.default({ strict: true, allErrors: true, allowUnionTypes: true });
    addFormats.default(ajv);
    return ajv;
}

/** The official schema of OpenAPI 3.1 documents, as a function that answers what is wrong. */
export function officialSchema() {
    const path = new URL('../../../node_modules/@seriousme/openapi-schema-validator/schemas/v3.1/schema.json', import.meta.url);
    const ajv = new Ajv.default({ strict: false, allErrors: true, formats: { 'media-range': true } });
    addFormats.default(ajv);
    const validate = ajv.compile(JSON.parse(readFileSync(path, 'utf8')));
    return (document) => (validate(document) ? [] : validate.errors.map(({ instancePath, message }) => `${instancePath} ${message}`));
}

export class Description {
    #document;
    #ajv = strictAjv();
    #compiled = new Map();

    constructor(document) {
        this.#document = document;
        this.operations = Object.entries(document.paths).flatMap(([path, item]) => METHODS.filter((method) => item[method]).map((method) => this.#operation(path, method, item[method])));
    }

    #operation(path, method, entry) {
        return {
            id: entry.operationId, path, method: method.toUpperCase(), entry, guarded: entry.security.some((way) => Object.values(way).some((scopes) => scopes.length > 0)),
            statuses: Object.keys(entry.responses),
        };
    }

    /** What stands at a reference, or the thing itself. */
    resolve(thing) {
        if (!thing?.$ref) return thing;
        return thing.$ref.slice(2).split('/').reduce((at, name) => at[name], this.#document);
    }

    /** A schema without references; `closed` objects take no other members. */
    inline(schema, closed = true) {
        if (Array.isArray(schema)) return schema.map((one) => this.inline(one, closed));
        if (schema === null || typeof schema !== 'object') return schema;
        const { $ref, ...rest } = schema;
        if ($ref) {
            const target = this.inline(this.resolve({ $ref }), closed);
            if (Object.keys(rest).length === 0) return target;
            return { ...target, properties: Object.fromEntries(Object.entries(target.properties).map(([name, property]) => [name, { ...property, ...rest.properties[name] }])) };
        }
        const out = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, name === 'examples' ? value : this.inline(value, closed)]));
        return closed && out.type === 'object' && out.properties && !('additionalProperties' in out) ? { ...out, additionalProperties: false } : out;
    }

    /** Fails unless the value fits the schema. */
    fits(schema, value, what) {
        const key = JSON.stringify(schema);
        if (!this.#compiled.has(key)) this.#compiled.set(key, this.#ajv.compile(this.inline(schema)));
        const validate = this.#compiled.get(key);
        assert.ok(validate(value), `${what}: ${this.#ajv.errorsText(validate.errors)}\n${JSON.stringify(value)?.slice(0, 2000)}`);
    }

    judge({ id, entry }, answer) {
        const what = `${id}: ${answer.status} ${answer.text.slice(0, 300)}`;
        const response = this.resolve(entry.responses[answer.status]);
        assert.ok(response, `${what}: not declared`);
        for (const name of Object.keys(response.headers)) {
            if (!OPTIONAL.includes(name) && !(answer.status === 409 && name === 'Retry-After')) assert.ok(name.toLowerCase() in answer.headers, `${what}: no ${name}`);
        }
        if (!response.content) return assert.equal(answer.text, '', what);
        const type = answer.headers['content-type'].split(';')[0];
        const content = response.content[type] ?? response.content['*/*'];
        assert.ok(content, `${what}: ${type} is not declared`);
        if (content.schema && type.endsWith('json')) this.fits(content.schema, answer.json, what);
        return undefined;
    }

    /** Every schema compiles, and every example fits: `[what, schema, example]`. */
    examples() {
        const found = [];
        const take = (where, content) => {
            for (const { schema, example, examples } of Object.values(content ?? {})) {
                if (example !== undefined) found.push([where, schema, example]);
                for (const [name, { value }] of Object.entries(examples ?? {})) found.push([`${where} ${name}`, schema, value]);
            }
        };
        for (const { id, entry } of this.operations) {
            take(`${id} takes`, entry.requestBody?.content);
            for (const { name, schema } of entry.parameters ?? []) for (const example of schema.examples ?? []) found.push([`${id} ${name}`, schema, example]);
            for (const [status, response] of Object.entries(entry.responses)) take(`${id} ${status}`, this.resolve(response).content);
        }
        return found;
    }
}
