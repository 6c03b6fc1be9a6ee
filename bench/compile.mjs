// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The bench's own programs in C, each of one file beside this one.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDER = join(ROOT, 'build-bench');
const FLAGS = ['-D_GNU_SOURCE', '-std=c17', '-O2', '-Wall', '-Wextra', '-Wpedantic', '-Wshadow', '-Wconversion', '-Werror'];

/** Compiles when the source is newer; the program's path. @param {string} name of the file, without `.c` */
export async function compile(name) {
    const source = join(ROOT, `bench/${name}.c`);
    const program = join(FOLDER, name);
    const built = statSync(program, { throwIfNoEntry: false });
    if (built !== undefined && built.mtimeMs > statSync(source).mtimeMs) return program;
    mkdirSync(FOLDER, { recursive: true });
    await run(process.env.CC ?? 'cc', [...FLAGS, source, '-o', program, '-lm']);
    return program;
}
