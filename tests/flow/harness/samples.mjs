// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Texts that break what handles texts carelessly; all are good names and items.
 */
export const NAUGHTY = [
    'Robert\'); DROP TABLE customers;--', '\' or 1=1 --', '$1', '%s%n%x', '${7*7}', '{{7*7}}', '`id`', '$(id)',
    '<script>alert(1)</script>', '</script>', '&amp;', '"quoted" \\ back', 'tab\tand\nline', '\u0001\u001f\u007f', 'a\u0085b',
    'null', 'undefined', 'NaN', 'true', '0', '-1', '1e400', '../../etc/passwd', 'C:\\nul', '=1+1', '+254', '@x',
    'Åsa', 'Zoë\u0308', 'cafe\u0301', '\ufeffmark', 'zero\u200bwidth', '\u202eright to left', '\u2028\u2029', '漢字', 'ﷺ', 'ƁƊƘ', 'ñandú',
    '😀👩‍👩‍👧‍👦🇰🇪', '\u{10ffff}', '\uffff', 'ＡＢＣ', '１２３', '\u00a0', 'ܐܒܓ', 'ሰላም', 'ኦሮሞ', 'I̷̛̲n̸v̵o̶k̶e̷',
];
