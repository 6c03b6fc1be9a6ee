// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * From rounds to words: medians, ratios, and bench/RESULTS.md. Nothing here measures.
 */

/* What everything is compared with: the transaction of an application with as many connections, the most that pgbench reaches, the peers. */
const BASES = ['transaction-256', 'statement-32', 'go', 'fastify', 'django'];

export function median(values) {
    const sorted = [...values].sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** @param {{rate: number, p50: number, p99: number}[]} rounds rate per second, times in microseconds */
export function summarize(rounds) {
    const rates = rounds.map(({ rate }) => rate);
    return {
        rate: median(rates),
        least: Math.min(...rates),
        most: Math.max(...rates),
        p50: median(rounds.map(({ p50 }) => p50)),
        p99: median(rounds.map(({ p99 }) => p99)),
    };
}

const whole = (value) => Math.round(value).toLocaleString('en-US');
const millis = (micros) => `${(micros / 1000).toFixed(1)} ms`;

/** One turn as a line. */
export function formatLine({ name }, { rate, p50, p99 }) {
    return `${name.padEnd(18)} ${whole(rate).padStart(8)}/s  50 % ${millis(p50).padStart(9)}  99 % ${millis(p99).padStart(9)}`;
}

/** The whole document. */
export function formatResults({ figures, start, machine, options, command }) {
    const { rounds, seconds, connections } = options;
    return `# Results

Written by \`bench/run\`; every figure below was measured by the command named here. Medians of ${rounds} alternating rounds of ${seconds} s;
the spread is from the slowest round to the fastest.

${table(['', ''], [['Command', `\`${command}\``], ...machine])}

## Durable orders a second

The service takes \`POST /v1/orders\` from \`wrk -t1 -c${connections}\` with a bearer token (RS256) and answers 201 when order row and message row
are committed. pgbench writes the same two rows into the same tables, one transaction for each order: as applications do
(\`bench/transaction.sql\`), and in a single statement (\`bench/statement.sql\`). The customers have no phone number and nothing is sent,
but in the row that says so. The peers are described in \`bench/peers/README.md\`.

${table(['', 'orders/s', 'spread', '50 %', '99 %', ...basesOf(figures).map((base) => `× ${base}`)], figures.map((figure) => row(figure, figures)))}

## Start and memory, SQLite

${table(['', `median of ${start.starts}`], [
        ['from spawn to the first answer', `${start.answer.toFixed(0)} ms`],
        ['from spawn to ready (database and keys)', `${start.ready.toFixed(0)} ms`],
        ['resident memory, idle', `${(start.memory / 1024).toFixed(1)} MiB`],
    ])}
`;
}

function basesOf(figures) {
    return BASES.filter((base) => figures.some(({ name }) => name === base));
}

function row({ what, rate, least, most, p50, p99 }, figures) {
    const ratios = basesOf(figures).map((base) => (rate / figures.find(({ name }) => name === base).rate).toFixed(1));
    return [what, whole(rate), `${whole(least)}–${whole(most)}`, millis(p50), millis(p99), ...ratios];
}

function table(head, rows) {
    const line = (cells) => `| ${cells.join(' | ')} |`;
    return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
