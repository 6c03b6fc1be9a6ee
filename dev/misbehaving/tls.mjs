// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * A certificate that nobody trusts until a test says so, made with the `openssl` program: Node can use certificates but not make them.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * @param {string[]} names host names and addresses that the certificate is for
 * @returns {{cert: string, key: string}} PEM texts; `cert` is its own root
 */
export function makeCertificate(names) {
    const folder = mkdtempSync(join(tmpdir(), 'agizo-tls-'));
    const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    const alternatives = names.map((name) => `${isIP(name) ? 'IP' : 'DNS'}:${name}`).join(',');
    try {
        execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
            '-subj', '/CN=Agizo test', '-addext', `subjectAltName=${alternatives}`, '-keyout', keyFile, '-out', certFile], { stdio: 'pipe' });
        return { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
    } finally {
        rmSync(folder, { recursive: true });
    }
}
