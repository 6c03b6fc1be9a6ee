// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * How figures are written, for the lines of a run and for its report. A figure's name says its unit, everywhere.
 */

export const whole = (value) => Math.round(value).toLocaleString('en-US');
export const ratio = (value) => value.toFixed(value < 10 ? 2 : 1);
export const micros = (value) => `${(value / 1000).toFixed(value < 10_000 ? 2 : 1)} ms`;
export const millis = (value) => `${value.toFixed(value < 10 ? 1 : 0)} ms`;
export const mebis = (kibis) => `${(kibis / 1024).toFixed(1)} MiB`;
export const seconds = (value) => `${value.toFixed(2)} s`;

/* Of what is measured: how it is written. */
const FORMATS = {
    rate: (value) => `${whole(value)}/s`,
    asked: (value) => `${whole(value)}/s asked`,
    reads: (value) => `${whole(value)} reads/s`,
    creates: (value) => `${whole(value)} orders/s`,
    p50: (value) => `50 % ${micros(value)}`,
    p99: (value) => `99 % ${micros(value)}`,
    max: (value) => `max ${micros(value)}`,
    page: (value) => `a page ${micros(value)}`,
    answer: (value) => `answers ${millis(value)}`,
    ready: (value) => `ready ${millis(value)}`,
    idle: (value) => `idle ${mebis(value)}`,
    peak: (value) => `peak ${mebis(value)}`,
    built: (value) => `as built ${mebis(value)}`,
    stripped: (value) => `stripped ${mebis(value)}`,
    halted: (value) => `halted ${mebis(value)}`,
    sending: (value) => `sending ${mebis(value)}`,
    perMessage: (value) => `a message ${micros(value)}`,
    cpu: (value) => `${seconds(value)} of processor`,
    table: (value) => `table ${whole(value)} B`,
    indexes: (value) => `indexes ${whole(value)} B`,
    wal: (value) => `WAL ${whole(value)} B`,
};

/** One turn as a line; what has no format here is not shown. */
export function formatLine(measurement, { name }, result) {
    const figures = Object.entries(result).filter(([key]) => key in FORMATS).map(([key, value]) => FORMATS[key](value).padStart(14));
    return `${measurement.name.padEnd(11)} ${name.padEnd(22)} ${figures.join('  ')}`;
}

/** A table in Markdown. */
export function table(head, rows) {
    const line = (cells) => `| ${cells.join(' | ')} |`;
    return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
