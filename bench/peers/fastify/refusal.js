// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0

/** An answer below 500, thrown. */
export class Refusal extends Error {
    constructor(statusCode, message) {
        super(message);
        this.statusCode = statusCode;
    }
}
