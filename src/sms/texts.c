/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Templates: the built-in ones, compiling, and the table of those in use.
 *
 * The table is replaced as a whole under a lock for writing, which happens when somebody has changed a template; who composes a message
 * holds it for reading while one text is copied. Of an event whose language nobody has written for, English is taken.
 *
 * Any thread. Limits: TEMPLATES_MAX of the store's, TEMPLATE_MAX bytes each.
 */
#include "sms/texts.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/check.h"

/* Compiled texts are shorter than their source. */
#define FIXED_CAP (16 << 10)
#define LAID_CAP (TEMPLATES_MAX * (TEMPLATE_MAX + 64))

static const struct builtin {
    const char *language, *full, *brief;
    enum message_event event;
    bool enabled;
} builtins[] = {
    {"en",
        "Dear {name}, we have received your order of {item}, {amount}, on {time}. Ref {reference}.",
        "We have received your order of {item}, {amount}, on {time}. Ref {reference}.",
        MESSAGE_ORDER_RECEIVED, true},
    {"sw",
        "Mpendwa {name}, tumepokea agizo lako la {item}, {amount}, tarehe {time}. Kumb. "
        "{reference}.",
        "Tumepokea agizo lako la {item}, {amount}, tarehe {time}. Kumb. {reference}.",
        MESSAGE_ORDER_RECEIVED, true},
    {"en", "Dear {name}, your order was changed. It is now {item}, {amount}. Ref {reference}.",
        "Your order was changed. It is now {item}, {amount}. Ref {reference}.",
        MESSAGE_ORDER_CHANGED, false},
    {"sw",
        "Mpendwa {name}, agizo lako limebadilishwa. Sasa ni {item}, {amount}. Kumb. {reference}.",
        "Agizo lako limebadilishwa. Sasa ni {item}, {amount}. Kumb. {reference}.",
        MESSAGE_ORDER_CHANGED, false},
    {"en", "Dear {name}, your order of {item}, {amount}, was cancelled. Ref {reference}.",
        "Your order of {item}, {amount}, was cancelled. Ref {reference}.", MESSAGE_ORDER_CANCELLED,
        false},
    {"sw", "Mpendwa {name}, agizo lako la {item}, {amount}, limeghairiwa. Kumb. {reference}.",
        "Agizo lako la {item}, {amount}, limeghairiwa. Kumb. {reference}.", MESSAGE_ORDER_CANCELLED,
        false},
};

static const char *const variables[TEXT_VARIABLE_END] = {
    [TEXT_NAME] = "{name}",
    [TEXT_ITEM] = "{item}",
    [TEXT_AMOUNT] = "{amount}",
    [TEXT_TIME] = "{time}",
    [TEXT_REFERENCE] = "{reference}",
};

struct entry {
    enum message_event event;
    struct slice language;
    struct slice full;
    bool enabled;
};

struct texts {
    pthread_rwlock_t lock;
    struct arena fixed, laid_texts;
    struct text_choice fixed_choices[ARRAY_LEN(builtins)];
    struct entry laid[TEMPLATES_MAX];
    size_t laid_count;
    uint64_t asked, laid_asked; /* the last number given; that of what is laid, 0 before */
};

/* TEXT_VARIABLE_END when the text begins with none. */
static enum text_variable variable_at(struct slice text)
{
    enum text_variable variable = TEXT_NAME;
    while (variable < TEXT_VARIABLE_END && !slice_starts(text, slice_of(variables[variable]))) {
        variable++;
    }
    return variable;
}

/* NULL, or what is wrong with the text as a whole. */
static const char *text_fault(struct slice text)
{
    if (text.len == 0) return "must not be empty";
    if (text.len > TEMPLATE_MAX) return "must have at most 1000 bytes";
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if ((c < ' ' && c != '\n') || c == 0x7F) return "must not have control characters";
    }
    return NULL;
}

/* Takes one character or variable from the text; what is wrong with it, or NULL. */
static const char *compile_one(struct slice *text, char *at, int *uses)
{
    *at = text->ptr[0];
    if (*at == '}') return "has a } without a {";
    if (*at != '{') {
        *text = slice_skip(*text, 1);
        return NULL;
    }
    enum text_variable variable = variable_at(*text);
    if (variable == TEXT_VARIABLE_END)
        return "has a variable other than {name}, {item}, {amount}, {time} and {reference}";
    if (++uses[variable] > VARIABLE_USES_MAX) return "uses a variable more than twice";
    *at = (char)variable;
    *text = slice_skip(*text, strlen(variables[variable]));
    return NULL;
}

bool text_compile(struct slice text, struct arena *arena, struct slice *out, const char **fault)
{
    int uses[TEXT_VARIABLE_END] = {0};
    *fault = text_fault(text);
    if (*fault) return false;
    char *code = arena_alloc(arena, text.len), *at = code;
    while (text.len > 0 && !*fault) *fault = compile_one(&text, at++, uses);
    *out = (struct slice){code, (size_t)(at - code)};
    return !*fault;
}

static struct slice compile_builtin(const char *text, struct arena *arena)
{
    const char *fault;
    struct slice code;
    check(text_compile(slice_of(text), arena, &code, &fault));
    return code;
}

struct texts *texts_new(void)
{
    struct texts *texts = memory_zeroed(sizeof(*texts));
    check(pthread_rwlock_init(&texts->lock, NULL) == 0);
    arena_init(&texts->fixed, FIXED_CAP);
    arena_init(&texts->laid_texts, LAID_CAP);
    for (size_t i = 0; i < ARRAY_LEN(builtins); i++) {
        texts->fixed_choices[i] = (struct text_choice){
            .full = compile_builtin(builtins[i].full, &texts->fixed),
            .brief = compile_builtin(builtins[i].brief, &texts->fixed),
            .enabled = builtins[i].enabled,
        };
    }
    return texts;
}

void texts_free(struct texts *texts)
{
    pthread_rwlock_destroy(&texts->lock);
    arena_deinit(&texts->fixed);
    arena_deinit(&texts->laid_texts);
    free(texts);
}

static void lay(struct texts *texts, const struct template *row)
{
    const char *fault;
    struct entry *entry = &texts->laid[texts->laid_count];
    if (!text_compile(row->text, &texts->laid_texts, &entry->full, &fault)) return;
    entry->event = row->event;
    entry->language = arena_copy(&texts->laid_texts, row->language);
    entry->enabled = row->enabled;
    texts->laid_count++;
}

uint64_t texts_ask(struct texts *texts)
{
    pthread_rwlock_wrlock(&texts->lock);
    uint64_t asked = ++texts->asked;
    pthread_rwlock_unlock(&texts->lock);
    return asked;
}

void texts_replace(struct texts *texts, uint64_t asked, const struct template *rows, size_t count)
{
    pthread_rwlock_wrlock(&texts->lock);
    if (asked > texts->laid_asked) {
        arena_reset(&texts->laid_texts);
        texts->laid_count = 0;
        for (size_t i = 0; i < count && i < TEMPLATES_MAX; i++) lay(texts, &rows[i]);
        texts->laid_asked = asked;
    }
    pthread_rwlock_unlock(&texts->lock);
}

bool texts_loaded(struct texts *texts)
{
    pthread_rwlock_rdlock(&texts->lock);
    bool loaded = texts->laid_asked > 0;
    pthread_rwlock_unlock(&texts->lock);
    return loaded;
}

/* False when nobody has written for the language. */
static bool find_in(struct texts *texts, enum message_event event, struct slice language,
    struct arena *arena, struct text_choice *out)
{
    bool found = false;
    for (size_t i = 0; i < ARRAY_LEN(builtins) && !found; i++) {
        found = builtins[i].event == event &&
                slice_equal_nocase(slice_of(builtins[i].language), language);
        if (found) *out = texts->fixed_choices[i];
    }
    for (size_t i = 0; i < texts->laid_count; i++) {
        const struct entry *entry = &texts->laid[i];
        if (entry->event != event || !slice_equal_nocase(entry->language, language)) continue;
        out->full = arena_copy(arena, entry->full);
        out->enabled = entry->enabled;
        return true;
    }
    return found;
}

struct text_choice texts_find(
    struct texts *texts, enum message_event event, struct slice language, struct arena *arena)
{
    struct text_choice choice = {0};
    struct slice primary = slice_cut(&language, '-');
    pthread_rwlock_rdlock(&texts->lock);
    check(find_in(texts, event, SLICE("en"), arena, &choice));
    if (slice_present(primary)) (void)find_in(texts, event, primary, arena, &choice);
    pthread_rwlock_unlock(&texts->lock);
    return choice;
}

bool texts_builtin(size_t place, struct template *out)
{
    if (place >= ARRAY_LEN(builtins)) return false;
    *out = (struct template){
        .event = builtins[place].event,
        .language = slice_of(builtins[place].language),
        .text = slice_of(builtins[place].full),
        .enabled = builtins[place].enabled,
    };
    return true;
}
