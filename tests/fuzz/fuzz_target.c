/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Request targets from strangers: what is accepted is decoded, bounded and unambiguous.
 */
#include "../unit/request_fixture.h"

#include "core/json.h"
#include "http/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(const struct req *rq)
{
    check(rq->path.len > 0 && rq->path.ptr[0] == '/' && utf8_valid(rq->path));
    check(!memchr(rq->path.ptr, '\0', rq->path.len));
    check(rq->path.len <= rq->target.len && rq->parameter_count <= HTTP_PARAMETERS_MAX);
    for (size_t i = 0; i < rq->parameter_count; i++) {
        const struct parameter *parameter = &rq->parameters[i];
        check(utf8_valid(parameter->name) && utf8_valid(parameter->value));
        check(req_parameter(rq, parameter->name).ptr == parameter->value.ptr);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct req rq;
    struct field host = {SLICE("Host"), SLICE("h:80")};
    request_init(&rq);
    rq.fields = &host;
    rq.field_count = 1;
    rq.target = arena_copy(&rq.arena, (struct slice){(const char *)data, size});
    if (data && target_parse(&rq) == ERR_OK) judge(&rq);
    request_deinit(&rq);
    return 0;
}
