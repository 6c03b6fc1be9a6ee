// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * How fast the outbox empties: queued messages of orders that stand already, sent to a gateway that answers after LATENCY_MS.
 *
 * The gateway is bench/gateway.c, whose count and span make the rate. A message sent twice fails the bench, and so does one that is not accepted in the
 * end. The processor's time is the whole process's, from its start until the gateway has taken the last message.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { fillOrders, query } from '../fill.mjs';
import { startBenchGateway } from '../gateway.mjs';
import { makeDatabase, makeServer, memoryOf, whileRunning } from '../servers.mjs';
import { mebis, micros, seconds as secondsOf, table, whole } from '../words.mjs';

const LATENCY_MS = 20;
/* A second of the measurement's is as many messages: about what is wanted of 64 calls. */
const MESSAGES_PER_SECOND = 2000;
const CALLS = { 'agizo-postgres': [32, 64, 256], 'agizo-sqlite': [32, 64, 256] };
const STORE = { 'agizo-postgres': 'PostgreSQL', 'agizo-sqlite': 'SQLite' };
const DEFAULT_CALLS = 32;
const POLL_MS = 20;
const DRAINED_WITHIN_MS = 60_000;
const TICKS = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/* The queue that must not cost memory; a million rows take a minute to write. */
const BACKLOG = 100_000;
const BACKLOG_FULL = 1_000_000;
const BACKLOG_CALLS = 64;
const BACKLOG_SECONDS = 10;
const SETTLED_MS = 2_000;

function contestant(name, calls) {
    return {
        name: `${name.replace('agizo-', '')}-${calls}`,
        what: `${STORE[name]}, ${calls} calls at one time${calls === DEFAULT_CALLS ? ' (the default)' : ''}`,
        async turn(around, { seconds }) {
            const count = seconds * MESSAGES_PER_SECOND;
            const gateway = await startBenchGateway({ latencyMs: LATENCY_MS });
            try {
                return await drain(around, { name, gateway, count, calls });
            } finally {
                await gateway.close();
            }
        },
    };
}

async function drain(around, { name, gateway, count, calls }) {
    const { server, address } = await makeSender(around, { name, gateway, count, calls });
    const { cpu, peak } = await whileRunning([server], around, async ({ pid }) => {
        await untilTaken(gateway, count);
        return { cpu: cpuSeconds(pid), peak: memoryOf(pid, 'VmHWM') };
    });
    const states = await query(address, 'select distinct state from messages');
    if (states.join() !== 'accepted') throw new Error(`messages are ${states.join(', ')} instead of accepted`);
    return { ...rateOf(await gateway.figures(), count), cpu, perMessage: (cpu / count) * 1e6, peak };
}

async function makeSender(around, { name, gateway, count, calls }) {
    const address = await makeDatabase(around, { sqlite: name === 'agizo-sqlite' });
    await fillOrders(address, count, { state: 'queued' });
    const server = await makeServer(name, around, { address, settings: { ...gateway.settings, AGIZO_SMS_IN_FLIGHT: String(calls) } });
    return { server, address };
}

async function untilTaken(gateway, count) {
    for (const deadline = Date.now() + DRAINED_WITHIN_MS; Date.now() < deadline; await pause(POLL_MS)) {
        const { taken } = await gateway.figures();
        if (taken >= count) return;
    }
}

function rateOf({ taken, doubled, span }, count) {
    if (taken !== count || doubled > 0) throw new Error(`the gateway took ${taken} messages of ${count}, ${doubled} of them again`);
    return { rate: (count - 1) / span, count };
}

/* Fields 14 and 15 of the line, the first two of which may hold anything in brackets: user and system time in ticks. */
function cpuSeconds(pid) {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

function backlogContestant(name, rows) {
    return {
        name: name.replace('agizo-', ''),
        what: STORE[name],
        async turn(around) {
            const gateway = await startBenchGateway({ latencyMs: LATENCY_MS });
            try {
                const { server, address } = await makeSender(around, { name, gateway, count: rows, calls: BACKLOG_CALLS });
                const table = name === 'agizo-sqlite' ? 'sms_control' : 'sms_switch';
                await query(address, `update ${table} set halted_at = ${name === 'agizo-sqlite' ? 'unixepoch() * 1000' : 'now()'}, halted_by = 'bench'`);
                return { rows, ...await whileRunning([server], around, ({ url, pid }) => sendFor(BACKLOG_SECONDS, { url, pid, gateway, token: around.token })) };
            } finally {
                await gateway.close();
            }
        },
    };
}

/* Memory with the queue standing and sending switched off, then while and after some of it is sent. */
async function sendFor(seconds, { url, pid, gateway, token }) {
    await pause(SETTLED_MS);
    const { taken } = await gateway.figures();
    if (taken > 0) throw new Error(`${taken} messages were sent while the switch was off`);
    const halted = memoryOf(pid, 'VmRSS');
    const before = cpuSeconds(pid);
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const reply = await fetch(`${url}/v1/gateway`, { method: 'PUT', headers, body: '{"sending": true}' });
    if (reply.status !== 200) throw new Error(`the switch was answered with ${reply.status}: ${await reply.text()}`);
    await pause(seconds * 1000);
    const { taken: sent, doubled, span } = await gateway.figures();
    if (doubled > 0) throw new Error(`${doubled} messages were sent twice`);
    const cpu = cpuSeconds(pid) - before;
    return { rate: sent / span, halted, sending: memoryOf(pid, 'VmRSS'), peak: memoryOf(pid, 'VmHWM'), cpu, perMessage: (cpu / sent) * 1e6 };
}

export const sms = {
    name: 'sms',
    title: 'SMS sent a second',
    contestants: () => Object.entries(CALLS).flatMap(([name, all]) => all.map((calls) => contestant(name, calls))),
    section(results) {
        const figures = results.figures('sms');
        return `The service empties a queue of ${whole(figures[0].count)} messages into a gateway that answers each after ${LATENCY_MS} ms
(\`AGIZO_SMS_GATEWAY=africastalking\`, the stand-in \`bench/gateway.c\`, \`AGIZO_SMS_IN_FLIGHT\` as named). Processor time is the
whole process's, from its start until the gateway has the last message; memory the most it ever held (\`VmHWM\`).

${table(['', 'messages/s', 'spread', 'processor', 'for each message', 'memory'], figures.map(({ what, rate, least, most, cpu, perMessage, peak }) => [
        what, whole(rate), `${whole(least)}–${whole(most)}`, secondsOf(cpu), micros(perMessage), mebis(peak)]))}`;
    },
};

export const backlog = {
    name: 'backlog',
    title: 'A long queue',
    once: true,
    contestants: ({ full }) => Object.keys(STORE).map((name) => backlogContestant(name, full ? BACKLOG_FULL : BACKLOG)),
    section(results) {
        const figures = results.figures('backlog');
        return `${whole(figures[0].rows)} messages wait in the database while sending is switched off; then it is switched on for ${BACKLOG_SECONDS} s, ${BACKLOG_CALLS} calls at one time, the gateway as above.
Resident memory of the service (\`VmRSS\`) before and at the end, and the most it ever held (\`VmHWM\`).

${table(['', 'memory, halted', 'memory, sending', 'the most', 'messages/s', 'for each message'], figures.map(({ what, halted, sending, peak, rate, perMessage }) => [
        what, mebis(halted), mebis(sending), mebis(peak), whole(rate), micros(perMessage)]))}`;
    },
};
