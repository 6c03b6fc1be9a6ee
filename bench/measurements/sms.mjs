// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * How fast the outbox empties: queued messages of orders that stand already, sent to a gateway that answers after LATENCY_MS.
 *
 * The gateway is the local stand-in (dev/gateway.mjs); it runs in this process. The rate is of its journal, from the first message to the last;
 * the turn ends when the database says of all that they were accepted. It counts every recipient, so a message sent twice fails the bench.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { startGateway } from '../../dev/gateway.mjs';
import { fillOrders, psql } from '../fill.mjs';
import { makeDatabase, makeServer, whileRunning } from '../servers.mjs';
import { micros, seconds as secondsOf, table, whole } from '../words.mjs';

const LATENCY_MS = 20;
/* A second of the measurement's is as many messages: about what the default setting sends. */
const MESSAGES_PER_SECOND = 1000;
const IN_FLIGHT = [32, 256];
const POLL_MS = 50;
const DRAINED_WITHIN_MS = 60_000;
const TICKS = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

function contestant(inFlight) {
    return {
        name: `in-flight-${inFlight}`,
        what: `${inFlight} calls at one time${inFlight === IN_FLIGHT[0] ? ' (the default)' : ''}`,
        async turn(around, { seconds }) {
            const count = seconds * MESSAGES_PER_SECOND;
            const gateway = await startGateway();
            gateway.control({ settings: { latencyMs: LATENCY_MS } });
            try {
                return await drain(around, { gateway, count, inFlight });
            } finally {
                await gateway.close();
            }
        },
    };
}

async function drain(around, { gateway, count, inFlight }) {
    const address = await makeDatabase(around);
    await fillOrders(address, count, { state: 'queued' });
    const settings = {
        AGIZO_SMS_GATEWAY: 'africastalking', AGIZO_AT_URL: gateway.url, AGIZO_AT_USERNAME: gateway.username, AGIZO_AT_API_KEY: gateway.apiKey,
        AGIZO_SMS_IN_FLIGHT: String(inFlight),
    };
    const server = await makeServer('agizo-postgres', around, { address, settings });
    const cpu = await whileRunning([server], around, async ({ pid }) => {
        await untilDrained(address);
        return cpuSeconds(pid);
    });
    return { ...rateOf(gateway.accepted(), count), cpu, perMessage: (cpu / count) * 1e6 };
}

async function untilDrained(address) {
    for (const deadline = Date.now() + DRAINED_WITHIN_MS; Date.now() < deadline; await pause(POLL_MS)) {
        const left = psql(address, '-c', "select count(*) from messages where state in ('queued', 'sending')");
        if (left === '0') break;
    }
    const states = psql(address, '-c', 'select distinct state from messages');
    if (states !== 'accepted') throw new Error(`messages are ${states.replaceAll('\n', ', ')} instead of accepted`);
}

function rateOf(accepted, count) {
    if (accepted.length !== count) throw new Error(`the gateway took ${accepted.length} messages of ${count}`);
    const times = accepted.map(({ time }) => Date.parse(time));
    return { rate: (count - 1) / ((Math.max(...times) - Math.min(...times)) / 1000), count };
}

/* Fields 14 and 15 of the line, the first two of which may hold anything in brackets: user and system time in ticks. */
function cpuSeconds(pid) {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

export const sms = {
    name: 'sms',
    title: 'SMS sent a second',
    contestants: () => IN_FLIGHT.map(contestant),
    section(results) {
        const figures = results.figures('sms');
        return `The service on PostgreSQL empties a queue of ${whole(figures[0].count)} messages into a gateway that answers each after ${LATENCY_MS} ms
(\`AGIZO_SMS_GATEWAY=africastalking\`, the stand-in \`dev/gateway.mjs\` with \`latencyMs\` ${LATENCY_MS}, \`AGIZO_SMS_IN_FLIGHT\` as named). Processor time is the
whole process's, from its start until the last message is settled.

${table(['', 'messages/s', 'spread', 'processor', 'for each message'], figures.map(({ what, rate, least, most, cpu, perMessage }) => [
        what, whole(rate), `${whole(least)}–${whole(most)}`, secondsOf(cpu), micros(perMessage)]))}`;
    },
};
