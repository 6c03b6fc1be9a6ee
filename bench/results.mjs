// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * What the turns of a run brought, and the medians over its rounds.
 */

export function median(values) {
    const sorted = [...values].sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/* Of each figure the median; of the rate the least and the most too. Texts (the command) are those of the last round. */
function summarize(rounds) {
    const last = rounds.at(-1);
    const figure = Object.fromEntries(Object.entries(last).map(([key, value]) => [key, typeof value === 'number' ? median(rounds.map((round) => round[key])) : value]));
    if (last.rate === undefined) return figure;
    const rates = rounds.map(({ rate }) => rate);
    return { ...figure, least: Math.min(...rates), most: Math.max(...rates) };
}

export class Results {
    #rounds = new Map(); /* "measurement/contestant" → {contestant, all} */

    add(measurement, contestant, result) {
        const key = `${measurement.name}/${contestant.name}`;
        if (!this.#rounds.has(key)) this.#rounds.set(key, { contestant, all: [] });
        this.#rounds.get(key).all.push(result);
    }

    /** Medians up to now of "measurement/contestant", with its name and what it is; undefined when it was not measured. */
    figure(path) {
        const found = this.#rounds.get(path);
        return found && { name: found.contestant.name, what: found.contestant.what, ...summarize(found.all) };
    }

    /** All of a measurement, in the order of their turns. */
    figures(measurement) {
        return [...this.#rounds.keys()].filter((path) => path.split('/')[0] === measurement).map((path) => this.figure(path));
    }
}
