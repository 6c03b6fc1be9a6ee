// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Who the tests are: an honest provider whose tokens are signed in this process, and the customers they know.
 */
import { startMisbehaving } from '../../../dev/misbehaving.mjs';
import { keep } from './cleanup.mjs';

let shared;

/** The one provider of this test file, started when first asked for. */
export function sharedProvider() {
    shared ??= startMisbehaving().then(keep);
    return shared;
}

let drawn = 0;

/** A code that no other call of this file returns. */
export function freshCode(prefix = 'C') {
    return `${prefix}${++drawn}`;
}
