/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handing a request's reply to libmicrohttpd.
 */
#pragma once

#include <microhttpd.h>

#include "http/request.h"

/* Queues the reply that stands in the request; with `last` the connection ends behind it. */
enum MHD_Result reply_send(struct req *rq, bool last);
/* Ends the connection with a 413 in the middle of a body, where MHD cannot queue a reply. */
enum MHD_Result reply_cut_off(struct req *rq);

/* Statuses as values of the metrics' label "status" and back. */
unsigned reply_status_label(int status);
struct slice reply_status_text(unsigned label);
