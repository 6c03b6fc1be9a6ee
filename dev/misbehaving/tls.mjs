// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Certificates that nobody trusts until a test says so, made with the `openssl` program: Node can use certificates but not make them.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * @param {string[]} names host names and addresses that the certificate is for
 * @param {{cert: string, key: string}} [authority] who signs it; by default it is its own root
 * @returns {{cert: string, key: string}} PEM texts
 */
export function makeCertificate(names, authority) {
    const alternatives = names.map((name) => `${isIP(name) ? 'IP' : 'DNS'}:${name}`).join(',');
    return make(['-subj', '/CN=Agizo test', '-addext', `subjectAltName=${alternatives}`], authority);
}

/** An authority of somebody's own, to sign certificates: PEM texts {cert, key}. @param {string} [name] */
export function makeAuthority(name = 'Agizo test authority') {
    return make(['-subj', `/CN=${name}`]);
}

function make(what, authority) {
    const folder = mkdtempSync(join(tmpdir(), 'agizo-tls-'));
    const file = (name, text) => {
        const path = join(folder, name);
        if (text) writeFileSync(path, text);
        return path;
    };
    const signer = authority ? ['-CA', file('ca.pem', authority.cert), '-CAkey', file('ca-key.pem', authority.key)] : [];
    try {
        execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
            ...what, ...signer, '-keyout', file('key.pem'), '-out', file('cert.pem')], { stdio: 'pipe' });
        return { cert: readFileSync(file('cert.pem'), 'utf8'), key: readFileSync(file('key.pem'), 'utf8') };
    } finally {
        rmSync(folder, { recursive: true });
    }
}
