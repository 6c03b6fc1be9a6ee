/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * URLs in their normal form: scheme and host in small letters, no port where it is the scheme's own, a path always, percent-encodings in
 * capitals and only of what must be encoded. Dot segments stay: routes have none, so such a URL is never that of a request that is
 * answered.
 *
 * Called by proof.c on worker threads; stateless.
 */
#include "auth/uri.h"

#include "core/charset.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* RFC 3986 §2.3: encoded or not, they mean the same. */
static bool unreserved(char c)
{
    static const struct charset set = {
        CHARSET_DIGITS | CHARSET_BIT('-') | CHARSET_BIT('.'),
        CHARSET_LETTERS | CHARSET_BIT('_') | CHARSET_BIT('~'),
    };
    return charset_has(&set, c);
}

/* The byte that `%XX` at the front of `text` stands for; -1 when none does. */
static int encoded_byte(struct slice text)
{
    if (text.len < 3) return -1;
    int high = hex_value(text.ptr[1]), low = hex_value(text.ptr[2]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

static bool put_path(struct buf *out, struct slice path)
{
    buf_put_char(out, '/');
    while (path.len > 0) {
        if (path.ptr[0] != '%') {
            buf_put_char(out, path.ptr[0]);
            path = slice_skip(path, 1);
            continue;
        }
        int byte = encoded_byte(path);
        if (byte < 0) return false;
        if (unreserved((char)byte)) {
            buf_put_char(out, (char)byte);
        } else {
            buf_printf(out, "%%%02X", (unsigned)byte);
        }
        path = slice_skip(path, 3);
    }
    return true;
}

static void put_small(struct buf *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        buf_put_char(out, (char)(c >= 'A' && c <= 'Z' ? c + 32 : c));
    }
}

/* Takes the host off the front, with the brackets of an IPv6 address; what is left are colon and port. */
static struct slice cut_host(struct slice *authority)
{
    struct slice whole = *authority;
    char end = slice_starts(whole, SLICE("[")) ? ']' : ':';
    size_t len = 0;
    while (len < whole.len && whole.ptr[len] != end) len++;
    if (end == ']' && len < whole.len) len++;
    *authority = slice_skip(whole, len);
    return (struct slice){whole.ptr, len};
}

static bool put_authority(struct buf *out, struct slice authority, uint64_t usual_port)
{
    uint64_t port = usual_port;
    struct slice host = cut_host(&authority);
    if (host.len == 0 || memchr(host.ptr, '@', host.len)) return false;
    if (host.ptr[0] == '[' && host.ptr[host.len - 1] != ']') return false;
    put_small(out, host);
    if (authority.len > 0 && authority.ptr[0] != ':') return false;
    if (authority.len > 1 && !slice_to_u64(slice_skip(authority, 1), UINT16_MAX, &port))
        return false;
    if (port == usual_port) return true;
    buf_put_char(out, ':');
    buf_put_u64(out, port);
    return true;
}

static struct slice without_behind(struct slice text, char separator)
{
    return slice_cut(&text, separator);
}

bool uri_put_normal(struct buf *out, struct slice url)
{
    url = without_behind(without_behind(url, '#'), '?');
    struct slice scheme = slice_cut(&url, ':');
    bool secure = slice_equal_nocase(scheme, SLICE("https"));
    if (!secure && !slice_equal_nocase(scheme, SLICE("http"))) return false;
    if (!slice_starts(url, SLICE("//"))) return false;
    url = slice_skip(url, 2);
    struct slice authority = slice_cut(&url, '/');
    put_small(out, scheme);
    buf_put_text(out, "://");
    return put_authority(out, authority, secure ? 443 : 80) && put_path(out, url) && buf_ok(out);
}
