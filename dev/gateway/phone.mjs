// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The phone of the gateway stand-in: the page at `/` and the stream of messages that feeds it.
 *
 * The page is one file without any outside request; its policy header allows only its own script and style, by their hashes. Messages
 * travel as server-sent events: first the latest that the journal holds, then each as it is accepted. A browser that reads too slowly
 * is dropped and comes back by itself, so it cannot fill our memory under load.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const REPLAYED = 50;
const BACKLOG_MAX = 1024 * 1024;

const PAGE = readFileSync(new URL('phone.html', import.meta.url), 'utf8');
const POLICY = `default-src 'none'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; `
    + `script-src ${hashOf('script')}; style-src ${hashOf('style')}`;

export class Phone {
    #screens = new Set();

    /** Answers with the page. */
    servePage(response) {
        response.writeHead(200, {
            'content-type': 'text/html; charset=utf-8', 'content-security-policy': POLICY, 'x-content-type-options': 'nosniff',
            'cache-control': 'no-store',
        });
        response.end(PAGE);
    }

    /** Answers with the stream; begins with the latest of `entries`. */
    serveStream(response, entries) {
        response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
        response.write('retry: 1000\n\n');
        for (const entry of entries.filter(({ accepted }) => accepted).slice(-REPLAYED)) response.write(eventOf(entry));
        this.#screens.add(response);
        response.on('close', () => this.#screens.delete(response));
    }

    /** Shows a message on every open page. */
    show(entry) {
        if (this.#screens.size === 0) return;
        const event = eventOf(entry);
        for (const screen of this.#screens) {
            if (screen.writableLength > BACKLOG_MAX) screen.destroy();
            else screen.write(event);
        }
    }

    /** Empties every open page. */
    clear() {
        for (const screen of this.#screens) screen.write('event: clear\ndata: {}\n\n');
    }
}

function eventOf({ seq, time, to, from, text, parts }) {
    return `id: ${seq}\ndata: ${JSON.stringify({ seq, time, to, from, text, parts })}\n\n`;
}

function hashOf(tag) {
    const content = new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(PAGE)[1];
    return `'sha256-${createHash('sha256').update(content).digest('base64')}'`;
}
