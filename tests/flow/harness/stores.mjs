// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * The two stores the tests run on: each makes empty databases, and reads them behind the service's back.
 *
 * A database is `{url, query(sql), count(table), change(sql), holdWrites(), close()}`: `url` is its AGIZO_DATABASE; `query` answers rows as arrays of
 * texts (null as ''); `change` writes, for what only time would do; `holdWrites` keeps messages from being written until what it returns is called.
 * AGIZO_TEST_STORE=sqlite or =postgres runs one of them alone.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'node:test';
import { keep } from './cleanup.mjs';
import { sharedPostgres } from './postgres.mjs';

class SqliteDatabase {
    #folder = mkdtempSync(join(tmpdir(), 'agizo-sqlite-'));
    store = 'sqlite';

    get path() {
        return join(this.#folder, 'agizo.db');
    }

    get url() {
        return `sqlite:${this.path}`;
    }

    async query(sql) {
        const { DatabaseSync } = await sqliteModule();
        const database = new DatabaseSync(this.path, { readOnly: true });
        try {
            return database.prepare(sql).all().map((row) => Object.values(row).map((value) => String(value ?? '')));
        } finally {
            database.close();
        }
    }

    async change(sql) {
        const { DatabaseSync } = await sqliteModule();
        const database = new DatabaseSync(this.path);
        try {
            database.exec(`pragma busy_timeout = 5000; ${sql}`);
        } finally {
            database.close();
        }
    }

    /** Keeps everybody else from writing; resolves when it does, with what ends it. */
    async holdWrites() {
        const { DatabaseSync } = await sqliteModule();
        const database = new DatabaseSync(this.path);
        database.exec('pragma busy_timeout = 5000; begin immediate');
        return async () => database.close();
    }

    count(table) {
        return countRows(this, table);
    }

    close() {
        rmSync(this.#folder, { recursive: true, force: true });
    }
}

class PostgresDatabase {
    store = 'postgres';

    constructor(server, { name, url }) {
        this.server = server;
        this.name = name;
        this.url = url;
    }

    query(sql) {
        return this.server.query(this.name, sql);
    }

    async change(sql) {
        await this.query(sql);
    }

    async holdWrites() {
        return this.server.hold(this.name, 'lock table messages in share row exclusive mode');
    }

    count(table) {
        return countRows(this, table);
    }

    close() {} /* goes with its server */
}

async function countRows(database, table) {
    return Number((await database.query(`select count(*) from ${table}`))[0][0]);
}

/* Node 22 calls its SQLite experimental, once per process and on the output of every test file. */
export async function sqliteModule() {
    const { emitWarning } = process;
    process.emitWarning = () => {};
    try {
        return await import('node:sqlite');
    } finally {
        process.emitWarning = emitWarning;
    }
}

export const sqlite = {
    name: 'sqlite',
    createDatabase: async () => keep(new SqliteDatabase()),
};

export const postgres = {
    name: 'postgres',
    createDatabase: async (server) => {
        const home = server ?? await sharedPostgres();
        return keep(new PostgresDatabase(home, await home.createDatabase()));
    },
};

/**
 * Runs the same tests on both stores.
 * @param {(store: typeof sqlite) => void} body declares the tests
 */
export function forEachStore(body) {
    const only = process.env.AGIZO_TEST_STORE;
    for (const store of [sqlite, postgres]) {
        if (!only || only === store.name) describe(`on ${store.name}`, () => body(store));
    }
}
