// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Debian's Chromium, headless, with a profile that lives as long as the test file, and without anything that it would like to say to others.
 */
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const PROGRAM = process.env.AGIZO_TEST_CHROMIUM ?? '/usr/bin/chromium';
const ARGUMENTS = [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
    '--disable-dev-shm-usage', '--disable-features=HttpsUpgrades,OptimizationHints,MediaRouter',
];

/**
 * A running browser: `newContext()` is one without cookies that trusts any certificate, and lets tests ask in the name of pages that may not load or
 * ask anything themselves (`bypassCSP: false`: does not let them); `close()`.
 */
export async function startChromium() {
    if (!existsSync(PROGRAM)) throw new Error(`there is no ${PROGRAM}: run tools/setup test`);
    const browser = await chromium.launch({ executablePath: PROGRAM, headless: true, args: ARGUMENTS });
    return { newContext: (options) => browser.newContext({ ignoreHTTPSErrors: true, bypassCSP: true, ...options }), close: () => browser.close() };
}
