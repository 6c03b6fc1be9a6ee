// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Our table of phone numbers against libphonenumber's: every 3-digit prefix × length of the eight countries, and how Kenyans write numbers.
 *
 * Where the two differ on purpose:
 *   Kenya     all of 7xx and 1xx stand, since its regulator opened 01 for mobile and finer lists age
 *   trunk 0   libphonenumber forgives a 0 behind the country's code (+254 0712…); we say that it is wrong
 *   short     DR Congo's 88 has numbers of seven digits; our countries have one length each
 *   finer     some prefixes are mobile for part of their fourth digits; we take the prefix whole
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import libphonenumber from 'google-libphonenumber';
import { startGateway } from '../../dev/gateway.mjs';
import { acceptedFor, callback, CALLBACK_SECRET, isProblem, keep, order, reaches, runProgram, sqlite, startService } from './harness.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const JUDGE = join(dirname(process.env.AGIZO_BIN ?? `${ROOT}build/agizo`), 'tests/unit/test_number');
const COUNTRIES = { 254: 9, 256: 9, 255: 9, 250: 9, 257: 8, 251: 9, 211: 9, 243: 9 };
const FINER = new Set(['256728', '256734', '251700']);

const { PhoneNumberType, PhoneNumberUtil, PhoneNumberFormat } = libphonenumber;
const library = PhoneNumberUtil.getInstance();
const MOBILE = new Set([PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE]);

/** Our verdicts: E.164 or `-`, one per number. */
function ours(numbers, reach = 'listed') {
    const output = execFileSync(JUDGE, [reach], { input: `${numbers.join('\n')}\n`, encoding: 'utf8', maxBuffer: 1 << 26 });
    return output.trimEnd().split('\n');
}

function theirs(number, region) {
    try {
        const parsed = library.parse(number, region);
        const good = library.isValidNumber(parsed) && MOBILE.has(library.getNumberType(parsed));
        return good ? library.format(parsed, PhoneNumberFormat.E164) : '-';
    } catch {
        return '-';
    }
}

/** One number for each fourth digit. */
function samples(code, prefix, length) {
    return Array.from({ length: 10 }, (_, fourth) => `+${code}${`${prefix}${fourth}123456789`.slice(0, length)}`);
}

function expected(code, prefix, length, numbers) {
    if (prefix.startsWith('0')) return false;
    if (code === '254' && /^[17]/.test(prefix)) return length === 9;
    if (code === '243' && prefix.startsWith('88')) return false;
    const count = numbers.filter((number) => theirs(number) !== '-').length;
    if (count > 0 && count < 10) assert.ok(FINER.has(code + prefix), `+${code} ${prefix} is mobile in part`);
    return count > 0;
}

describe('every prefix and length', () => {
    for (const [code, digits] of Object.entries(COUNTRIES)) {
        it(`of +${code} is judged like libphonenumber does`, () => {
            const cases = [];
            for (let prefix = 0; prefix < 1000; prefix++) {
                for (let length = digits - 2; length <= digits + 2; length++) {
                    const text = String(prefix).padStart(3, '0');
                    cases.push({ prefix: text, length, numbers: samples(code, text, length) });
                }
            }
            const verdicts = ours(cases.flatMap(({ numbers }) => numbers));
            const wrong = cases.filter(({ prefix, length, numbers }, index) => {
                const mine = verdicts.slice(index * 10, index * 10 + 10);
                const good = expected(code, prefix, length, numbers);
                return !mine.every((verdict, i) => verdict === (good ? numbers[i] : '-'));
            });
            assert.deepEqual(wrong.map(({ numbers }) => numbers[0]), []);
        });
    }
});

describe('Kenyan writings', () => {
    it('mean the number that libphonenumber reads', () => {
        const numbers = ['0712345678', '0112345678', '+254712345678', '254712345678', '712345678', '110345678', '0712 345 678', '(0712) 345-678',
            '0712.345.678', '+254 (712) 345678', '000254712345678', '000256772123456', '000 255 621 123 456'];
        assert.deepEqual(ours(numbers), numbers.map((number) => theirs(number, 'KE')));
    });

    it('that are none are refused by both', () => {
        const numbers = ['0201234567', '020 123 4567', '12345', '0712', '07123456789012', '512345678', '0912345678', 'hello', ''];
        assert.deepEqual(ours(numbers), numbers.map(() => '-'));
        assert.deepEqual(numbers.map((number) => theirs(number, 'KE')), numbers.map(() => '-'));
    });

    /* libphonenumber drops what it takes for an extension, and does not know the exit code of most countries in Kenya. */
    it('are read more strictly and, after 00, more kindly', () => {
        assert.deepEqual(ours(['0712345678x12', '00254712345678']), ['-', '+254712345678']);
        assert.deepEqual(['0712345678x12', '00254712345678'].map((number) => theirs(number, 'KE')), ['+254712345678', '-']);
    });
});

describe('other countries', () => {
    /* A mobile number of every region that libphonenumber knows; some share their country's code with others, none with one of ours. */
    const examples = library.getSupportedRegions().map((region) => library.getExampleNumberForType(region, PhoneNumberType.MOBILE)).filter(Boolean)
        .map((number) => library.format(number, PhoneNumberFormat.E164));

    it('are refused, or taken as they are, by a setting', () => {
        const ofOurs = (number) => Object.keys(COUNTRIES).some((code) => number.startsWith(`+${code}`));
        assert.ok(examples.length > 200, `${examples.length} examples`);
        assert.deepEqual(ours(examples), examples.map((number) => (ofOurs(number) ? number : '-')));
        const long = examples.filter((number) => number.length >= 9); /* with fewer than 8 digits there are a few, of islands */
        assert.ok(examples.length - long.length < 5);
        assert.deepEqual(ours(long, 'all'), long);
    });

    it('by that setting: ours are judged as ever, and what is no number is none', () => {
        const numbers = ['+254201234567', '+25471234567', '0201234567', '+1234567', '+1234567890123456', '+0447911123456', '447911123456', '+44 7911 12345x'];
        assert.deepEqual(ours(numbers, 'all'), numbers.map(() => '-'));
        assert.deepEqual(ours(['+44 (7911) 123-456', '0044 7911 123456', '000447911123456'], 'all'), Array(3).fill('+447911123456'));
    });

    it('get their SMS where AGIZO_SMS_COUNTRIES is all', async () => {
        const gateway = keep(await startGateway());
        const settings = { AGIZO_SMS_CALLBACK_SECRET: CALLBACK_SECRET };
        const strict = await startService({ store: sqlite, gateway, settings });
        isProblem(await strict.post('/v1/customers', { code: 'Far', name: 'Ann', phone: '+447911123456' }), 422, 'invalid', ['/phone']);
        isProblem(await strict.post('/v1/suppressions', { phone: '+447911123456' }), 422, 'invalid', ['/phone']);
        await strict.restart({ AGIZO_SMS_COUNTRIES: 'all' });
        const made = await order(strict, { phone: '+447911123456' });
        await reaches(strict, made, 'accepted');
        assert.equal(acceptedFor(gateway, made).length, 1);
        assert.equal((await callback(strict, 'optout', { phoneNumber: made.to, senderId: 'X' })).status, 200);
        assert.equal((await strict.get('/v1/suppressions', { query: { phone: made.to } })).json.data.length, 1);
        /* A narrower setting later on changes nothing for those who are there. */
        await strict.restart({ AGIZO_SMS_COUNTRIES: 'listed' });
        assert.equal((await strict.get('/v1/suppressions', { query: { phone: made.to } })).json.data.length, 1);
        await strict.close();
    });

    it('by another word end the service at once', async () => {
        const { code, lines } = await runProgram(['serve', '--listen=127.0.0.1:0', '--admin-listen=127.0.0.1:0'],
            { AGIZO_DATABASE: (await sqlite.createDatabase()).url, AGIZO_SMS_COUNTRIES: 'some' });
        assert.notEqual(code, 0);
        assert.ok(lines.some(({ event, why }) => event === 'service.failed' && why.includes('AGIZO_SMS_COUNTRIES')), JSON.stringify(lines));
    });
});
