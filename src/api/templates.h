/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The texts of messages: GET /v1/templates, and GET, PUT, DELETE of one, by event and language.
 */
#pragma once

#include "core/slice.h"
#include "http/route.h"
#include "store/template.h"

/* What a client writes. */
struct template_input {
    struct slice text;
    bool enabled;
};
/* What is answered about one: JSON, and the text as it would be in GSM-7 (or absent). */
struct template_view {
    struct template row;
    struct slice samples, suggestion;
};
void template_input_refine(struct req *rq, void *row);

step_fn template_list, template_get, template_put, template_remove;
