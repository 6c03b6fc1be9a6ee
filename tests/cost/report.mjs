// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Counts against bounds, as lines; and bounds made of counts, as the text of bounds.mjs.
 */
import { readFileSync } from 'node:fs';
import { SCENARIOS } from './scenarios.mjs';

/*
 * From a count to its bound: more than the count varies, on a busy machine too, and less than a mistake costs. Allocations are so steady that
 * one more for each request shows. Where several threads of the service work on one group, who wakes when decides how work is divided among
 * batches: a bound of batches then only tells few from one for each request.
 */
const ALL = (count) => count * 1.1;
const STEADY = { allocations: (count) => count + 0.5, waits: (count) => count * 1.5 };
const THREADED = Object.fromEntries(Object.entries({ syscalls: 1.3, waits: 2, batches: 3, trips: 1.3, statements: 1.3 })
    .map(([what, factor]) => [what, (count) => count * factor]));

const SHOWN = 4; /* parts of a count */
const SMALL = 0.05; /* parts below are not worth their place */

/**
 * Says each check on a line, then the totals.
 * @param {Record<string, Record<string, object>>} results by store and scenario
 * @param {(text: string) => void} say
 * @returns {boolean} whether all are within their bounds; a count without a bound is not
 */
export function judge(results, bounds, say) {
    const checks = Object.entries(results).flatMap(([store, scenarios]) => Object.entries(scenarios)
        .flatMap(([name, { parts, ...counts }]) => Object.entries(counts)
            .map(([what, count]) => ({ store, name, what, count, bound: bounds[store]?.[name]?.[what], parts: parts[what] }))));
    const passed = checks.filter(isWithin).length;
    for (const check of checks) say(describe(check));
    say(`${passed} passed, ${checks.length - passed} failed`);
    return passed === checks.length && passed > 0;
}

function isWithin({ count, bound }) {
    return count <= bound; /* false for a count that is NaN or has no bound */
}

function describe(check) {
    const { store, name, what, count, bound, parts } = check;
    const verdict = isWithin(check) ? 'ok    ' : 'FAILED';
    const line = `${verdict} ${store.padEnd(8)} ${name.padEnd(19)} ${what.padEnd(12)} ${show(count).padStart(9)}  at most ${show(bound).padStart(9)}`;
    return parts === undefined ? line : `${line}   ${describeParts(parts)}`;
}

function describeParts(parts) {
    const largest = Object.entries(parts).sort(([, a], [, b]) => b - a).filter(([, count]) => count >= SMALL);
    const rest = largest.length > SHOWN ? ' …' : '';
    return largest.slice(0, SHOWN).map(([part, count]) => `${part} ${show(count)}`).join(', ') + rest;
}

function show(count) {
    if (count === undefined) return 'nothing';
    return count < 1000 ? count.toFixed(2) : count.toFixed(0).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** The text of bounds.mjs, with its own head, for these counts. */
export function formatBounds(results) {
    const old = readFileSync(new URL('bounds.mjs', import.meta.url), 'utf8');
    const head = old.slice(0, old.indexOf('export'));
    const stores = Object.entries(results).map(([store, scenarios]) => {
        const rows = Object.entries(scenarios).map(([name, { parts, ...counts }]) => {
            const slack = isThreaded(store, name) ? THREADED : STEADY;
            const bounds = Object.entries(counts).map(([what, count]) => `${what}: ${formatBound((slack[what] ?? ALL)(count))}`);
            return `        '${name}': { ${bounds.join(', ')} },\n`;
        });
        return `    ${store}: {\n${rows.join('')}    },\n`;
    });
    return `${head}export const BOUNDS = {\n${stores.join('')}};`;
}

function isThreaded(store, name) {
    const { together, sms } = SCENARIOS.find((scenario) => scenario.name === name);
    return sms || (store === 'sqlite' && together > 1);
}

/* Rounded up, to tenths or to hundreds. */
function formatBound(bound) {
    if (bound < 1000) return (Math.ceil(bound * 10) / 10).toFixed(1);
    return String(Math.ceil(bound / 100) * 100).replace(/\B(?=(\d{3})+$)/g, '_');
}
