/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked of the store about the texts of messages. A template that is not stored is the built-in one.
 */
#pragma once

#include "store/audit.h"
#include "store/operation.h"

struct template
{
    enum message_event event;
    struct slice language; /* "en", "sw", … in small letters */
    struct slice text;
    bool enabled;
    struct slice updated_by;
    int64_t version, updated_at;
};
#define TEMPLATES_MAX 64

/* STORE_TEMPLATES_GET: all of them, by event and language. Out: rows, count (at most TEMPLATES_MAX). */
struct store_templates_get {
    struct store_op base;
    struct template *rows;
    size_t count;
};

/* STORE_TEMPLATE_PUT. In: row; its version is the one that it replaces, 0 for none; entry. Out: version, its new one.
 * Errors: ERR_VERSION_MISMATCH (it was changed, made or removed meanwhile), ERR_TOO_MANY_TEMPLATES. */
struct store_template_put {
    struct store_op base;
    struct template row;
    struct audit_entry entry;
    int64_t version;
};

/* STORE_TEMPLATE_REMOVE. In: event, language, version, entry. Errors: ERR_NOT_FOUND, ERR_VERSION_MISMATCH. */
struct store_template_remove {
    struct store_op base;
    enum message_event event;
    struct slice language;
    int64_t version;
    struct audit_entry entry;
};
