/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers that are there from the start: the description, the page that shows it, and the parts of that page.
 *
 * The page may load its own parts and the description, and nothing else from anywhere. Its parts stand compressed in the binary and go
 * out as they are: every browser takes gzip, and who does not is told so (406). Worker's thread; nothing waits, nothing is changed.
 */
#include "api/docs.h"

#include "api/api.h"
#include "api/get.h"
#include "api/openapi.h"
#include "api/routes.h"
#include "core/digest.h"
#include "http/page.h"

#define DOCUMENT_MAX (4 * 1024 * 1024)
#define ETAG_MAX 64
#define PAGE_NAME SLICE("index.html")
/* A picture may be part of the viewer's style sheet. */
#define POLICY                                                                                     \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; " \
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
/* The description of a running service does not change; another copy may be newer. */
#define FOR_A_WHILE SLICE("public, max-age=300")
/* Each build has addresses of its own. */
#define FOR_GOOD SLICE("public, max-age=31536000, immutable")

struct docs {
    struct buf document, etag;
};

struct docs *docs_new(const struct config *config)
{
    struct docs *docs = memory_zeroed(sizeof(*docs));
    buf_init(&docs->document, DOCUMENT_MAX);
    buf_init(&docs->etag, ETAG_MAX);
    openapi_put(&docs->document, api_routes(), config);
    buf_put_char(&docs->document, '\n');
    check(buf_ok(&docs->document));
    struct digest digest = digest_sha256(buf_slice(&docs->document));
    buf_put_char(&docs->etag, '"');
    buf_put_base64url(&docs->etag, digest_slice(&digest));
    buf_put_char(&docs->etag, '"');
    return docs;
}

void docs_free(struct docs *docs)
{
    if (!docs) return;
    buf_deinit(&docs->document);
    buf_deinit(&docs->etag);
    free(docs);
}

/* --- replies --- */

static enum step reply_kept(struct req *rq, const struct docs_file *file, struct slice caching)
{
    req_reply_field(rq, SLICE("ETag"), file->etag);
    req_reply_field(rq, SLICE("Cache-Control"), caching);
    req_reply_field(rq, SLICE("X-Content-Type-Options"), SLICE("nosniff"));
    if (etag_matches(req_field(rq, SLICE("If-None-Match"), NULL), file->etag)) {
        return req_reply(rq, 304, slice_absent());
    }
    buf_put(&rq->reply.body, file->bytes);
    return req_reply(rq, 200, file->media_type);
}

enum step openapi_view(struct req *rq)
{
    const struct docs *docs = req_worker(rq)->api->docs;
    const struct docs_file file = {.media_type = SLICE("application/json"),
        .etag = buf_slice(&docs->etag),
        .bytes = buf_slice(&docs->document)};
    return reply_kept(rq, &file, FOR_A_WHILE);
}

static const struct docs_file *find(struct slice name)
{
    size_t count;
    const struct docs_file *files = docs_files(&count);
    for (size_t i = 0; i < count; i++) {
        if (slice_equal(files[i].name, name)) return &files[i];
    }
    return NULL;
}

static enum step reply_plain(struct req *rq)
{
    const struct page page = {
        .title = SLICE("Agizo: the API"),
        .text = SLICE("This build has no viewer for the description of the API."),
        .link = SLICE("/openapi.json"),
        .link_text = SLICE("openapi.json"),
    };
    return req_page(rq, 200, &page);
}

enum step docs_view(struct req *rq)
{
    const struct docs_file *file = find(PAGE_NAME);
    if (!file) return reply_plain(rq);
    req_reply_field(rq, SLICE("Content-Security-Policy"), SLICE(POLICY));
    req_reply_field(rq, SLICE("Referrer-Policy"), SLICE("no-referrer"));
    return reply_kept(rq, file, SLICE("no-cache"));
}

/* RFC 9110 §12.5.3: who says nothing takes anything. Weights other than zero make no difference: there is one form of it. */
static bool accepts_gzip(struct slice accept)
{
    if (!slice_present(accept)) return true;
    while (slice_present(accept)) {
        struct slice coding = slice_cut(&accept, ',');
        struct slice name = slice_trim(slice_cut(&coding, ';'));
        bool refused = slice_equal(slice_trim(coding), SLICE("q=0"));
        bool fits = slice_equal_nocase(name, SLICE("gzip")) || slice_equal(name, SLICE("*"));
        if (fits && !refused) return true;
    }
    return false;
}

enum step docs_file(struct req *rq)
{
    const struct docs_file *file = find(rq->arguments[0]);
    if (!file || slice_equal(file->name, PAGE_NAME)) return req_fail(rq, ERR_NOT_FOUND);
    if (file->packed) {
        if (!accepts_gzip(req_field(rq, SLICE("Accept-Encoding"), NULL))) {
            return req_fail(rq, ERR_NOT_ACCEPTABLE);
        }
        req_reply_field(rq, SLICE("Content-Encoding"), SLICE("gzip"));
        req_reply_field(rq, SLICE("Vary"), SLICE("Accept-Encoding"));
    }
    return reply_kept(rq, file, FOR_GOOD);
}
