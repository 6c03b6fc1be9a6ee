// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * What the gateway stand-in knows about texts and numbers: parts of a text, and which numbers it refuses.
 *
 * Written apart from the service's own tables on purpose, so that the two check each other.
 */

const BASIC = new Set('@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?'
    + '¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà');
const EXTENDED = new Set('^{}\\[]~|€\f');

/** National digits by country code, for the countries that the vendor serves in East Africa. */
const NATIONAL_DIGITS = { 211: 9, 243: 9, 250: 9, 251: 9, 254: 9, 255: 9, 256: 9, 257: 8 };

/**
 * How many SMS a text takes (3GPP TS 23.038): 160 septets alone or 153 in company, 70 or 67 UTF-16 units where a character is outside
 * GSM-7. Filled greedily, since neither an escape nor a surrogate pair may be split.
 * @param {string} text
 */
export function countParts(text) {
    const characters = [...text];
    if (characters.every((character) => BASIC.has(character) || EXTENDED.has(character))) {
        return fill(characters, (character) => (EXTENDED.has(character) ? 2 : 1), { alone: 160, joined: 153 });
    }
    return fill(characters, (character) => character.length, { alone: 70, joined: 67 });
}

function fill(characters, weigh, { alone, joined }) {
    const weights = characters.map(weigh);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    if (total <= alone) return 1;
    let parts = 1;
    let used = 0;
    for (const weight of weights) {
        if (used + weight > joined) {
            parts++;
            used = 0;
        }
        used += weight;
    }
    return parts;
}

/**
 * The status code with which a recipient is refused for its number alone, or 0.
 * @param {string} number as it stood in the form
 */
export function checkNumber(number) {
    if (!/^\+[1-9][0-9]{7,14}$/.test(number)) return 403;
    const country = number.slice(1, 4);
    const digits = NATIONAL_DIGITS[country];
    if (digits !== undefined && number.length !== 4 + digits) return 403;
    if (country === '254' && !/^\+254[17]/.test(number)) return 404; /* a landline */
    return 0;
}
