/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rule for return paths: nothing that any browser could read as an address of somebody else (RFC 9700 §4.11).
 *
 *   "/" ( not "/" )*: printable ASCII without backslash and quotes, where %XX does not hide a control, a slash or a backslash
 * A path below /auth/ is none to return to: the sign-in would begin anew. Stateless; any thread.
 */
#include "auth/return_path.h"

static int hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static bool escape_harmless(struct slice rest)
{
    if (rest.len < 3) return false;
    int high = hex(rest.ptr[1]), low = hex(rest.ptr[2]);
    if (high < 0 || low < 0) return false;
    int byte = high << 4 | low;
    return byte >= 0x20 && byte != 0x7f && byte != '/' && byte != '\\';
}

static bool harmless(struct slice path)
{
    for (; path.len > 0; path = slice_skip(path, 1)) {
        char c = path.ptr[0];
        if (c <= ' ' || c >= 0x7f || strchr("\\\"<>^`{|}", c)) return false;
        if (c == '%' && !escape_harmless(path)) return false;
    }
    return true;
}

struct slice return_path(struct slice wanted)
{
    bool ours = wanted.len <= RETURN_PATH_MAX && slice_starts(wanted, SLICE("/")) &&
                !slice_starts(wanted, SLICE("//")) && !slice_starts(wanted, SLICE("/auth/"));
    return ours && harmless(wanted) ? wanted : SLICE("/");
}
