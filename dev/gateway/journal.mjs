// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The gateway stand-in's journal: what it was asked to send and what it did with it, the evidence in every test about lost or doubled SMS.
 *
 * Entries live in memory and, with a file, as one JSON line each. `append` resolves once the lines are on disk, so whoever answers after it
 * never claims more than the journal holds, even if killed. Lines that gather while a flush is on its way leave together with the
 * next one; that keeps thousands of messages a second possible with an fsync each.
 *
 * A file that is there at the start is read back; a torn last line (killed while writing) is cut off. Memory grows by some 400 bytes an entry
 * until `clear`.
 */
import { open } from 'node:fs/promises';

/** @typedef {object} Entry one recipient of one request; the members are listed in `gateway.mjs` */

export class Journal {
    #entries = [];
    #file;
    #gathering = [];
    #waiting = [];
    #flushing;

    /**
     * Opens a journal, in memory alone where no path is given.
     * @param {string} [path]
     */
    static async open(path) {
        const journal = new Journal();
        if (path !== undefined) await journal.#attach(path);
        return journal;
    }

    /** The entries so far, oldest first; a copy of the list. */
    entries() {
        return [...this.#entries];
    }

    /** Adds entries; resolves when they are durable. */
    append(entries) {
        this.#entries.push(...entries);
        if (this.#file === undefined) return undefined;
        for (const entry of entries) this.#gathering.push(`${JSON.stringify(entry)}\n`);
        const durable = new Promise((resolve, reject) => { this.#waiting.push({ resolve, reject }); });
        this.#flushing ??= this.#flush();
        return durable;
    }

    /** Forgets everything, in memory and in the file. */
    async clear() {
        this.#entries = [];
        await this.#flushing;
        await this.#file?.truncate(0);
    }

    async close() {
        await this.#flushing;
        await this.#file?.close();
    }

    async #attach(path) {
        this.#file = await open(path, 'a+');
        const text = await this.#file.readFile('utf8');
        const whole = text.slice(0, text.lastIndexOf('\n') + 1);
        if (whole.length < text.length) await this.#file.truncate(Buffer.byteLength(whole));
        this.#entries = whole.split('\n').filter(Boolean).map((line) => JSON.parse(line));
    }

    async #flush() {
        while (this.#waiting.length > 0) {
            const lines = this.#gathering.splice(0).join('');
            const waiting = this.#waiting.splice(0);
            try {
                await this.#file.appendFile(lines);
                await this.#file.datasync();
                for (const { resolve } of waiting) resolve();
            } catch (error) {
                for (const { reject } of waiting) reject(error);
            }
        }
        this.#flushing = undefined;
    }
}
