// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * What a test file started and must end: closed after its last test, latest first, whether the tests ended it themselves or not.
 *
 * Importing this registers the hooks at the root of the importing file. After a failed test the logs of the services
 * that then live are printed, once per line.
 */
import { after, afterEach } from 'node:test';

const things = new Set();

/**
 * Registers something to close at the end of the file.
 * @template {{close: () => unknown, explain?: () => string}} T
 * @param {T} thing `explain` returns what a reader of a failure wants to see, and forgets it
 * @returns {T}
 */
export function keep(thing) {
    things.add(thing);
    return thing;
}

/** Forgets a thing that was closed earlier. */
export function forget(thing) {
    things.delete(thing);
}

/** Prints what every living thing has to say. */
export function explainAll() {
    for (const thing of things) process.stderr.write(thing.explain?.() ?? '');
}

afterEach((test) => {
    if (test.passed === false) explainAll();
});

after(async () => {
    const failures = [];
    for (const thing of [...things].reverse()) {
        things.delete(thing);
        try {
            await thing.close();
        } catch (error) {
            failures.push(error);
        }
    }
    if (failures.length > 0) throw new AggregateError(failures, failures.map(({ message }) => message).join('; '));
});
