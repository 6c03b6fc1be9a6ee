/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a browser asks to be sent after its sign-in: what is taken stays at our origin, as libcurl's reader of URLs sees it, and does not begin
 * the sign-in again.
 */
#include "auth/return_path.h"

#include <curl/curl.h>
#include <stdlib.h>

#include "core/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_part(CURLU *url, CURLUPart part, struct slice wanted)
{
    char *text = NULL;
    check(curl_url_get(url, part, &text, 0) == CURLUE_OK);
    check(slice_equal(slice_of(text), wanted));
    curl_free(text);
}

static void judge(const char *path)
{
    char *user = NULL;
    CURLU *url = curl_url();
    check(
        curl_url_set(url, CURLUPART_URL, "https://us.example:444/auth/callback?x", 0) == CURLUE_OK);
    check(curl_url_set(url, CURLUPART_URL, path, 0) == CURLUE_OK);
    check_part(url, CURLUPART_SCHEME, SLICE("https"));
    check_part(url, CURLUPART_HOST, SLICE("us.example"));
    check_part(url, CURLUPART_PORT, SLICE("444"));
    check(curl_url_get(url, CURLUPART_USER, &user, 0) == CURLUE_NO_USER);
    curl_url_cleanup(url);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice wanted = {(const char *)data, size};
    struct slice taken = return_path(wanted);
    check(taken.len > 0 && taken.len <= RETURN_PATH_MAX && taken.ptr[0] == '/');
    check(taken.ptr == wanted.ptr ? taken.len == size : taken.len == 1);
    check(!slice_starts(taken, SLICE("//")) && !slice_starts(taken, SLICE("/auth/")));
    for (size_t i = 0; i < taken.len; i++) check(taken.ptr[i] > ' ' && taken.ptr[i] <= '~');
    char *path = strndup(taken.ptr, taken.len);
    judge(path);
    free(path);
    return 0;
}
