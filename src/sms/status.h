/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What other threads may know of the dispatcher: the last published picture of it.
 */
#pragma once

#include <pthread.h>

#include "sms/sms.h"

#define HALTED_BY_MAX 256

struct status {
    pthread_mutex_t mutex;
    struct sms_status now; /* texts are literals, the settings' or in the two below */
    char by[HALTED_BY_MAX], currency[CURRENCY_LEN];
};

void status_init(struct status *status, struct slice gateway, struct slice sender);
void status_deinit(struct status *status);
/* By the dispatcher, at the end of a turn: hold, why, since, in_flight, rate, spent, day_cap and currency of `now`. */
void status_publish(struct status *status, const struct sms_status *now);
/* By the dispatcher, when the store was asked. The queue's length is -1 when it was not counted: then the last count stays. */
void status_queue(struct status *status, int64_t depth, int64_t oldest_due);
/* `at`: wall time; 0: sending is on. Any thread. */
void status_halted(struct status *status, int64_t at, struct slice by);
void status_read(struct status *status, struct arena *arena, struct sms_status *out);
