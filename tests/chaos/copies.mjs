// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Copies of the service on one database, each with clients of its own: killed with -9 and started again, or frozen and thawed.
 *
 * With more than one copy the first is never killed: it is the one that freezes, and the one that is asked. While a copy is away its clients
 * wait, and half of what it left without an answer is sent again at once (load.mjs).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Load } from './load.mjs';
import { Service } from './service.mjs';

const ALIVE_MS = { least: 400, most: 3_000 };
const GONE_MS = { least: 0, most: 400 };

export class Copies {
    #copies;
    #clients = [];
    #kills = 0;
    #stopped = false;

    /**
     * @param {string} program the binary
     * @param {{count: number, settings: Record<string, string>, folder: string}} options `folder` takes the logs
     */
    static async make(program, { count, settings, folder }) {
        const copies = new Copies();
        const logs = Array.from({ length: count }, (_, at) => join(folder, `service-${at + 1}.log`));
        copies.#copies = await Promise.all(logs.map(async (log) => ({ log, service: await Service.make(program, settings, log) })));
        return copies;
    }

    get first() {
        return this.#copies[0].service;
    }

    get urls() {
        return this.#copies.map(({ service }) => service.url);
    }

    get kills() {
        return this.#kills;
    }

    /** Starts them, one after the other: the first makes the tables. */
    async start() {
        for (const { service } of this.#copies) {
            await service.start();
            await service.ready();
        }
    }

    /** Clients begin to post at each copy. @param {object} options of Load but its url; `connections` of each */
    load(options) {
        const numbering = { last: 0 };
        for (const copy of this.#copies) {
            copy.load = new Load({ ...options, numbering, url: copy.service.url });
            this.#clients.push(...Array.from({ length: options.connections }, () => copy.load.run()));
        }
    }

    /** Kills one at random, again and again, until `rest`. */
    async kill(random) {
        const mortal = this.#copies.slice(this.#copies.length > 1 ? 1 : 0);
        for (;;) {
            await pause(random.integer(ALIVE_MS.least, ALIVE_MS.most));
            if (this.#stopped) return;
            const { service, load } = mortal[random.integer(0, mortal.length - 1)];
            this.#kills++;
            load.serviceGone();
            await service.kill();
            await pause(random.integer(GONE_MS.least, GONE_MS.most));
            await service.start();
            await service.ready();
            load.serviceBack();
        }
    }

    /**
     * Stops the first for some time; resolves when it runs again.
     * @returns {Promise<() => Promise<number>>} how many of its settlements have been refused since, by its own word: leases lost that its sweep does not explain
     */
    async freeze(ms) {
        const { service, load, log } = this.#copies[0];
        const before = { lost: await service.metric('agizo_sms_lost_total'), told: leasesLost(log) };
        load.serviceGone();
        process.kill(service.pid, 'SIGSTOP');
        await pause(ms);
        process.kill(service.pid, 'SIGCONT');
        load.serviceBack();
        return async () => leasesLost(log) - before.told - (await service.metric('agizo_sms_lost_total') - before.lost);
    }

    /** No more kills. */
    rest() {
        this.#stopped = true;
    }

    /** No more orders, and every order with a key has its answer. */
    async settle() {
        for (const { load } of this.#copies) load.stop();
        await Promise.all(this.#clients);
        await this.#copies[0].load.settle();
        for (const { load } of this.#copies) load.close();
    }

    /** Ends them in order. */
    async stop() {
        await Promise.all(this.#copies.map(({ service }) => service.stop()));
    }

    /** Ends them in any way. */
    async end() {
        await Promise.all(this.#copies.map(({ service }) => service.kill()));
    }
}

/* Messages that were no longer its own, as the copy logged it. */
function leasesLost(log) {
    const lines = readFileSync(log, 'utf8').split('\n').filter((line) => line.includes('"sms.lease_lost"'));
    return lines.reduce((sum, line) => sum + JSON.parse(line).messages, 0);
}
