/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading of Content-Type. Pure; any thread.
 */
#include "http/media_type.h"

bool media_type_is(struct slice field, struct slice type)
{
    if (!slice_present(field)) return false;
    struct slice media = slice_trim(slice_cut(&field, ';'));
    if (!slice_equal_nocase(media, type)) return false;
    if (!slice_present(field)) return true;
    field = slice_trim(field);
    return slice_equal_nocase(field, SLICE("charset=utf-8")) ||
           slice_equal_nocase(field, SLICE("charset=\"utf-8\""));
}
