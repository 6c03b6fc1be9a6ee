// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Everything that `make bench` measures, in the order of the turns and of the report. Another measurement is another import here.
 *
 * A measurement is
 *   name          of its own, one word, for `--only`
 *   title         of its section in the report
 *   once          true where one round is enough or all there is time for
 *   contestants   ({full}) → [{name, what, turn}]; making this list costs nothing, databases are made in the first turn that needs them
 *   section       (results, options) → Markdown, when at least one contestant had a turn
 * and a turn is
 *   turn          (around, {seconds, connections, results}) → figures by name (words.mjs writes them) and `command`
 * where `around` is the run's (servers.mjs) and `results` holds what was measured before.
 */
import { growthConnections, growthCopies, growthRows } from './measurements/growth.mjs';
import { latency, single } from './measurements/latency.mjs';
import { limits } from './measurements/limits.mjs';
import { orders } from './measurements/orders.mjs';
import { memory, size, start } from './measurements/process.mjs';
import { lists, mixed, reads } from './measurements/reads.mjs';
import { backlog, sms } from './measurements/sms.mjs';
import { space } from './measurements/space.mjs';

export const MEASUREMENTS = [orders, limits, latency, single, reads, lists, mixed, sms, backlog, space, start, memory, size, growthConnections, growthRows, growthCopies];
