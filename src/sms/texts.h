/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The texts in use: the built-in templates, and over them those of the store (store/template.h).
 *
 * A template is plain text with variables in braces: {name}, {item}, {amount}, {time}, {reference}. It is compiled once, when it comes
 * in: in the compiled text a variable is one byte, its enum text_variable.
 */
#pragma once

#include "core/arena.h"
#include "store/template.h"

enum text_variable {
    TEXT_NAME = 1,
    TEXT_ITEM,
    TEXT_AMOUNT,
    TEXT_TIME,
    TEXT_REFERENCE,
    TEXT_VARIABLE_END
};

/* How long a template may be, in bytes, and how often it may use one variable. */
#define TEMPLATE_MAX 1000
#define VARIABLE_USES_MAX 2

/* What a message is made from; `brief` is for a text that does not fit otherwise: without the item it always fits one part. */
struct text_choice {
    struct slice full, brief; /* compiled */
    bool enabled;
};

struct texts;

/* With the built-in ones. */
struct texts *texts_new(void);
void texts_free(struct texts *texts);
/* To be called before the store is asked: the number that its answer is handed over with. Any thread. */
uint64_t texts_ask(struct texts *texts);
/* Lays the store's templates over the built-in ones, in place of those laid before; nothing, when one that was asked later has been laid. One
 * that does not compile (a newer version may have written it) is left out. Any thread. */
void texts_replace(struct texts *texts, uint64_t asked, const struct template *rows, size_t count);
/* texts_replace() was called at least once. Any thread. */
bool texts_loaded(struct texts *texts);
/* The text for this event in this language (a tag; its first part counts), or else in English. Copied into the arena. Any thread. */
struct text_choice texts_find(
    struct texts *texts, enum message_event event, struct slice language, struct arena *arena);

/* False, and why (a literal), for a text that is no template. */
bool text_compile(struct slice text, struct arena *arena, struct slice *out, const char **fault);
/* The built-in template of this place in their table; false past the end. Version 0. */
bool texts_builtin(size_t place, struct template *out);
