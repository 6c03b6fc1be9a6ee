// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The report of a run, bench/RESULTS.md: the machine, the goals, and the section of each measurement with the commands behind its figures.
 * What people wrote about them stands in bench/NOTES.md, which no run touches. Nothing here measures.
 */
import { formatGoals } from './goals.mjs';
import { table } from './words.mjs';

/** The whole document. */
export function formatResults({ measurements, results, machine, options, command }) {
    const { rounds, seconds } = options;
    const sections = measurements.filter(({ name }) => results.figures(name).length > 0).map((measurement) => formatSection(measurement, results, options));
    return `# Results

Written by \`bench/run\`; every figure below was measured in one run, by the commands named beside it. Medians of ${rounds} alternating ${rounds === 1 ? 'round' : 'rounds'} of ${seconds} s; the
spread is from the slowest round to the fastest. wrk is a closed loop: a connection sends when it has its answer. What was tried and what limits
the figures is told in [NOTES.md](NOTES.md).

${table(['', ''], [['Command', `\`${command}\``], ...machine])}

## Goals and what was reached

${formatGoals(results)}

${sections.join('\n\n')}
`;
}

function formatSection({ name, title, section, once }, results, options) {
    const commands = [...new Set(results.figures(name).flatMap(({ command }) => command?.split('\n') ?? []))];
    const behind = commands.length > 0 ? `, which runs\n\n${commands.map((command) => `    ${command}`).join('\n')}` : '';
    const rounds = once && options.rounds > 1 ? ' One round.' : '';
    return `## ${title}\n\n${section(results, options)}\n\nMeasured by \`bench/run --only ${name}\`${behind || '.'}${rounds && (behind ? `\n\n${rounds.trim()}` : rounds)}`;
}
