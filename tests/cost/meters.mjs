// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Three ways to count what the service does, each in a run of its own, because each changes what the others would count.
 *
 *   Callgrind   instructions of all threads, and calls of the allocator with the library that called
 *   Strace      system calls of all threads: those by which they wait (`waits`), and all others (`syscalls`)
 *   Traffic     statements and round trips on the way to PostgreSQL, and batches from /metrics; nothing is slowed down here
 *
 * A meter has `program` and `settings` for the service, `times` (how often it wants the groups), and `start()`, `stop()` around what is counted.
 * `stop` resolves with the counts: `{name: number}`, and `parts: {name: {part: number}}` where a count has a breakdown.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const WRAPPER = new URL('callgrind', import.meta.url).pathname;
const run = promisify(execFile);

/* glibc's entry points that return memory; one that calls another (realloc, malloc) counts once. callgrind adds 'N to recursive ones. */
const ALLOCATOR = /^(?:__libc_)?(?:malloc|calloc|realloc|reallocarray|memalign|posix_memalign|aligned_alloc)(?:'\d+)?$/;

/* How often a thread sleeps, wakes and asks again depends on how fast its peers are; the other calls hardly do. */
const WAITS = /^(?:epoll_\w+|futex\w*|p?poll|restart_syscall|sched_yield)$/;

export class Callgrind {
    #pid;
    #dumps;
    #count = 0;

    constructor({ program, folder }) {
        this.#dumps = join(folder, 'callgrind.out');
        this.program = WRAPPER;
        this.settings = { COST_PROGRAM: program, COST_DUMPS: this.#dumps };
        this.times = 1;
    }

    async attach(service) {
        this.#pid = service.pid;
        await this.#tell('instrumentation', 'on');
    }

    /* A dump sets all counts to zero. What came before it holds new connections, hence allocations: if none were seen, names have changed. */
    async start() {
        const before = await this.#dump();
        if (sum(before.parts.allocations) === 0) throw new Error('callgrind saw no call of the allocator: tests/cost/meters.mjs must learn its name');
    }

    stop() {
        return this.#dump();
    }

    async #dump() {
        await this.#tell('dump');
        return readDump(readFileSync(`${this.#dumps}.${++this.#count}`, 'utf8'));
    }

    #tell(...command) {
        return run('vgdb', [`--pid=${this.#pid}`, ...command]);
    }
}

/* The format: https://valgrind.org/docs/manual/cl-format.html, without its compression. */
function readDump(text) {
    const allocations = {};
    let object, caller, called;
    for (const line of text.split('\n')) {
        if (line.startsWith('ob=')) object = line.slice(3);
        else if (line.startsWith('fn=')) caller = line.slice(3);
        else if (line.startsWith('cfn=')) called = line.slice(4);
        else if (line.startsWith('calls=') && ALLOCATOR.test(called) && !ALLOCATOR.test(caller)) {
            const library = libraryOf(object);
            allocations[library] = (allocations[library] ?? 0) + Number(/^calls=(\d+)/.exec(line)[1]);
        }
    }
    const instructions = Number(/^(?:summary|totals): (\d+)/m.exec(text)[1]);
    return { instructions, allocations: sum(allocations), parts: { allocations } };
}

/* /usr/lib/x86_64-linux-gnu/libpq.so.5.15 is libpq. The stubs by which libc calls its own malloc (strdup) belong to no file for valgrind. */
function libraryOf(path) {
    if (path === '???') return 'libc';
    return path.slice(path.lastIndexOf('/') + 1).replace(/[-.]\d*\.?so.*$/, '');
}

export class Strace {
    #pid;
    #file;
    #child;

    constructor({ program, folder }) {
        this.#file = join(folder, 'strace.out');
        this.program = program;
        this.settings = {};
        this.times = 1;
    }

    attach(service) {
        this.#pid = service.pid;
    }

    async start() {
        this.#child = spawn('strace', ['-f', '-c', '-U', 'calls,name', '-o', this.#file, '-p', String(this.#pid)],
            { stdio: ['ignore', 'ignore', 'pipe'] });
        const [line] = await once(createInterface({ input: this.#child.stderr }), 'line'); /* reads on, so that strace may write more */
        if (!/^strace: Process \d+ attached/.test(line)) throw new Error(line);
    }

    async stop() {
        const ended = once(this.#child, 'exit');
        this.#child.kill('SIGINT'); /* detaches, and writes what it counted */
        await ended;
        const rows = [...readFileSync(this.#file, 'utf8').matchAll(/^ *(\d+) +(\w+)$/gm)];
        const counts = (keep) => Object.fromEntries(rows.filter(([, , name]) => name !== 'total' && keep(name))
            .map(([, count, name]) => [name, Number(count)]));
        const parts = { syscalls: counts((name) => !WAITS.test(name)), waits: counts((name) => WAITS.test(name)) };
        return { syscalls: sum(parts.syscalls), waits: sum(parts.waits), parts };
    }
}

export class Traffic {
    #wire;
    #service;
    #before;

    /** @param {{program: string, wire?: import('./wire.mjs').Wire}} options without a wire, batches alone are counted */
    constructor({ program, wire }) {
        this.#wire = wire;
        this.program = program;
        this.settings = {};
        this.times = 5; /* the outbox is looked at once a second: among many groups that does not count */
    }

    attach(service) {
        this.#service = service;
    }

    async start() {
        this.#before = await this.#read();
    }

    async stop() {
        const now = await this.#read();
        return { ...Object.fromEntries(Object.entries(now).map(([name, count]) => [name, count - this.#before[name]])), parts: {} };
    }

    async #read() {
        const batches = await this.#service.metric('agizo_store_batch_size_count');
        return this.#wire === undefined ? { batches } : { batches, trips: this.#wire.trips, statements: this.#wire.statements };
    }
}

function sum(parts) {
    return Object.values(parts).reduce((total, count) => total + count, 0);
}
