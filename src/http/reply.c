/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replies on their way out. The body stays in the request's buffer (MHD borrows it until on_completed).
 *
 * Every reply is marked `Cache-Control: no-store` unless its handler said otherwise, and carries `X-Request-Id`. Worker's thread.
 */
#include "http/reply.h"

#include <sys/socket.h>

#include "core/uuid.h"

/* Label 0 stands for a status that is not in the list. */
#define STATUS(number)                                                                             \
    {                                                                                              \
        number, #number                                                                            \
    }
static const struct {
    int number;
    const char *text;
} statuses[] = {{0, "none"}, STATUS(200), STATUS(201), STATUS(204), STATUS(303), STATUS(304),
    STATUS(400), STATUS(401), STATUS(403), STATUS(404), STATUS(405), STATUS(406), STATUS(409),
    STATUS(412), STATUS(413), STATUS(414), STATUS(415), STATUS(417), STATUS(422), STATUS(428),
    STATUS(429), STATUS(431), STATUS(500), STATUS(501), STATUS(502), STATUS(503), STATUS(504),
    STATUS(505)};

unsigned reply_status_label(int status)
{
    for (unsigned i = 0; i < ARRAY_LEN(statuses); i++) {
        if (statuses[i].number == status) return i;
    }
    return 0;
}

struct slice reply_status_text(unsigned label)
{
    return label < ARRAY_LEN(statuses) ? slice_of(statuses[label].text) : slice_absent();
}

static void add_field(struct MHD_Response *response, struct req *rq, struct field field)
{
    /* MHD wants C strings; names are literals, values end with a NUL only by chance. */
    struct slice value = arena_copy(&rq->arena, field.value);
    check(MHD_add_response_header(response, field.name.ptr, value.ptr) == MHD_YES);
}

static bool says_how_to_cache(const struct reply *reply)
{
    for (size_t i = 0; i < reply->field_count; i++) {
        if (slice_equal(reply->fields[i].name, SLICE("Cache-Control"))) return true;
    }
    return false;
}

enum MHD_Result reply_send(struct req *rq, bool last)
{
    struct reply *reply = &rq->reply;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(reply->body.len, reply->body.ptr, MHD_RESPMEM_PERSISTENT);
    check(response != NULL);
    if (reply->media_type.len)
        add_field(response, rq, (struct field){SLICE("Content-Type"), reply->media_type});
    add_field(response, rq, (struct field){SLICE("X-Request-Id"), rq->id});
    if (!says_how_to_cache(reply))
        add_field(response, rq, (struct field){SLICE("Cache-Control"), SLICE("no-store")});
    for (size_t i = 0; i < reply->field_count; i++) add_field(response, rq, reply->fields[i]);
    if (last) add_field(response, rq, (struct field){SLICE("Connection"), SLICE("close")});
    enum MHD_Result queued = MHD_queue_response(rq->mhd, (unsigned)reply->status, response);
    MHD_destroy_response(response);
    return queued;
}

enum MHD_Result reply_cut_off(struct req *rq)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(rq->mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    (void)req_fail(rq, ERR_TOO_LARGE);
    struct slice body = buf_slice(&rq->reply.body);
    struct slice answer = arena_format(&rq->arena,
        "HTTP/1.1 413 Content Too Large\r\nContent-Type: application/problem+json\r\n"
        "Content-Length: %zu\r\nX-Request-Id: %.*s\r\nConnection: close\r\n\r\n%.*s",
        body.len, SLICE_ARG(rq->id), SLICE_ARG(body));
    /* Best effort: the client may not be reading. */
    (void)send(info->connect_fd, answer.ptr, answer.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)shutdown(info->connect_fd, SHUT_WR);
    return MHD_NO;
}
