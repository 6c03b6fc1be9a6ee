/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of WAYS places, chosen by a hash of the code; a full set loses its places in turn.
 *
 * No order of use is kept: a customer that was pushed out costs one look, and codes that are made to fall into one set push out
 * nobody beyond it. Each entry is one block of memory, the row and its texts.
 *
 * One per link, on its loop's thread; nothing here locks. Limits: SETS * WAYS customers.
 */
#include "store/postgres/known.h"

#include "core/check.h"

#define SETS 2048
#define WAYS 4

struct entry {
    struct customer row; /* its texts stand in `texts` */
    char texts[];
};

struct set {
    struct entry *ways[WAYS];
    unsigned next; /* the place that is lost next */
};

struct known {
    struct set sets[SETS];
};

struct known *known_new(void)
{
    return memory_zeroed(sizeof(struct known));
}

void known_free(struct known *known)
{
    for (size_t i = 0; i < SETS; i++) {
        for (size_t way = 0; way < WAYS; way++) free(known->sets[i].ways[way]);
    }
    free(known);
}

/* FNV-1a of the code in lower case. */
static size_t set_of(struct slice code)
{
    uint32_t hash = 2166136261U;
    for (size_t i = 0; i < code.len; i++) {
        unsigned char c = (unsigned char)code.ptr[i];
        if (c >= 'A' && c <= 'Z') c = (unsigned char)(c + 'a' - 'A');
        hash = (hash ^ c) * 16777619U;
    }
    return hash % SETS;
}

/* The place of the code in its set; WAYS when it has none. */
static size_t way_of(const struct set *set, struct slice code)
{
    size_t way = 0;
    while (way < WAYS && !(set->ways[way] && slice_equal_nocase(set->ways[way]->row.code, code))) {
        way++;
    }
    return way;
}

const struct customer *known_find(const struct known *known, struct slice code)
{
    const struct set *set = &known->sets[set_of(code)];
    size_t way = way_of(set, code);
    return way < WAYS ? &set->ways[way]->row : NULL;
}

static struct slice keep_text(char **at, struct slice text)
{
    if (!slice_present(text)) return text;
    char *kept = memcpy(*at, text.ptr, text.len);
    *at += text.len;
    return (struct slice){kept, text.len};
}

static struct entry *new_entry(const struct customer *row)
{
    size_t len = row->code.len + row->name.len + row->phone.len + row->language.len;
    struct entry *entry = memory_zeroed(sizeof(*entry) + len + 1);
    char *at = entry->texts;
    entry->row = *row;
    entry->row.code = keep_text(&at, row->code);
    entry->row.name = keep_text(&at, row->name);
    entry->row.phone = keep_text(&at, row->phone);
    entry->row.language = keep_text(&at, row->language);
    return entry;
}

void known_put(struct known *known, const struct customer *row)
{
    struct set *set = &known->sets[set_of(row->code)];
    struct entry *entry = new_entry(row);
    size_t way = way_of(set, row->code);
    if (way == WAYS) way = set->next++ % WAYS;
    free(set->ways[way]);
    set->ways[way] = entry;
}

void known_forget(struct known *known, struct slice code)
{
    struct set *set = &known->sets[set_of(code)];
    size_t way = way_of(set, code);
    if (way == WAYS) return;
    free(set->ways[way]);
    set->ways[way] = NULL;
}
