/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Letters, digits and `-._` stand for themselves; everything else, space too, as %XX: what every reader of forms, of queries and of
 * plain percent-encoding understands alike. Stateless; any thread.
 */
#include "auth/form.h"

#include <openssl/evp.h>

#include "core/charset.h"
#include "core/check.h"

#define CREDENTIALS_MAX ((size_t)8192)

static void put_escaped(struct buf *out, struct slice text)
{
    static const struct charset plain = {
        CHARSET_DIGITS | CHARSET_BIT('-') | CHARSET_BIT('.'), CHARSET_LETTERS | CHARSET_BIT('_')};
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        if (charset_has(&plain, text.ptr[i])) {
            buf_put_char(out, text.ptr[i]);
        } else {
            buf_put(out, (struct slice){(char[]){'%', digits[byte >> 4], digits[byte & 15]}, 3});
        }
    }
}

void form_put(struct buf *out, const char *name, struct slice value)
{
    if (out->len > 0 && out->ptr[out->len - 1] != '?') buf_put_char(out, '&');
    buf_put_text(out, name);
    buf_put_char(out, '=');
    put_escaped(out, value);
}

void form_begin_query(struct buf *out, struct slice address)
{
    buf_put(out, address);
    if (!memchr(address.ptr, '?', address.len)) buf_put_char(out, '?');
}

void form_put_basic(struct buf *out, struct slice id, struct slice secret)
{
    struct buf pair;
    buf_init(&pair, CREDENTIALS_MAX);
    put_escaped(&pair, id);
    buf_put_char(&pair, ':');
    put_escaped(&pair, secret);
    check(buf_ok(&pair)); /* settings are shorter */
    size_t len = (pair.len + 2) / 3 * 4;
    buf_put_text(out, "Basic ");
    char *at = buf_reserve(out, len + 1); /* one more for the NUL that it writes */
    if (at) {
        EVP_EncodeBlock((unsigned char *)at, (const unsigned char *)pair.ptr, (int)pair.len);
        buf_added(out, len);
    }
    OPENSSL_cleanse(pair.ptr, pair.len);
    buf_deinit(&pair);
}
