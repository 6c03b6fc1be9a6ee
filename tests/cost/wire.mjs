// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Counts what goes to PostgreSQL, from a place between the service and the server.
 *
 * A trip is counted when bytes go to the server after bytes came from it, on one connection: everything sent before the next answer is one
 * trip, however many writes it took. A statement is an Execute, or a Query of the simple protocol; `begin` and `commit` count.
 * Frontend messages: https://www.postgresql.org/docs/15/protocol-message-formats.html
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';

const SOCKET = '.s.PGSQL.5432'; /* the name libpq expects in the folder that `host` names */
const ENCRYPTION_REQUESTS = [80877103, 80877104]; /* SSLRequest, GSSENCRequest: a start-up message follows */
const STATEMENTS = new Set(['E', 'Q'].map((type) => type.charCodeAt(0)));

export class Wire {
    #server;
    trips = 0;
    statements = 0;

    /** Listens in `folder` and hands on to the server whose socket is in `target`. */
    static async open(folder, target) {
        const wire = new Wire();
        wire.#server = createServer((client) => wire.#join(client, connect(join(target, SOCKET))));
        wire.#server.listen(join(folder, SOCKET));
        await once(wire.#server, 'listening');
        return wire;
    }

    close() {
        this.#server.close();
    }

    #join(client, server) {
        const messages = new FrontendMessages();
        let answered = false;
        client.on('data', (bytes) => {
            if (answered) this.trips++;
            answered = false;
            this.statements += messages.take(bytes).filter((type) => STATEMENTS.has(type)).length;
            server.write(bytes);
        });
        server.on('data', (bytes) => {
            answered = true;
            client.write(bytes);
        });
        for (const [one, other] of [[client, server], [server, client]]) {
            one.on('error', () => other.destroy());
            one.on('close', () => other.destroy());
        }
    }
}

/** Cuts the stream into messages. */
class FrontendMessages {
    #rest = Buffer.alloc(0);
    #started = false;

    /** The types of the messages that are complete now; the start-up message has none. */
    take(bytes) {
        const types = [];
        this.#rest = Buffer.concat([this.#rest, bytes]);
        for (;;) {
            const at = this.#started ? 1 : 0; /* of the length, which counts itself */
            if (this.#rest.length < at + 4) return types;
            const end = at + this.#rest.readUInt32BE(at);
            if (this.#rest.length < end) return types;
            if (this.#started) types.push(this.#rest[0]);
            else this.#started = !ENCRYPTION_REQUESTS.includes(this.#rest.readUInt32BE(4));
            this.#rest = this.#rest.subarray(end);
        }
    }
}
