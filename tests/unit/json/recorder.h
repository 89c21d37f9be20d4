/* A sink that writes down what it is given, and can stop at a chosen event. */
#ifndef SS_TEST_JSON_RECORDER_H
#define SS_TEST_JSON_RECORDER_H

#include <stdio.h>
#include <stdlib.h>

#include "json/reader.h"

struct recorder {
    char text[4096]; /* "{ k:a 1 [ s:x true null ] } " */
    size_t len;
    unsigned events, stop_at; /* stops at the event of this number, from 1 */
};

static inline bool record(struct recorder *r, const char *prefix, struct ss_slice s)
{
    size_t left = sizeof r->text - r->len;
    if (strlen(prefix) + s.len + 2 < left) {
        r->len += (size_t)snprintf(r->text + r->len, left, "%s", prefix);
        if (s.len)
            memcpy(r->text + r->len, s.ptr, s.len);
        r->len += s.len;
        r->text[r->len++] = ' ';
        r->text[r->len] = '\0';
    }
    return ++r->events != r->stop_at;
}

static inline bool record_null(void *ctx)
{
    return record(ctx, "null", SS_LIT(""));
}

static inline bool record_boolean(void *ctx, bool value)
{
    return record(ctx, value ? "true" : "false", SS_LIT(""));
}

static inline bool record_number(void *ctx, struct ss_slice text)
{
    return record(ctx, "", text);
}

static inline bool record_string(void *ctx, struct ss_slice utf8)
{
    return record(ctx, "s:", utf8);
}

static inline bool record_key(void *ctx, struct ss_slice utf8)
{
    return record(ctx, "k:", utf8);
}

static inline bool record_start_object(void *ctx)
{
    return record(ctx, "{", SS_LIT(""));
}

static inline bool record_end_object(void *ctx)
{
    return record(ctx, "}", SS_LIT(""));
}

static inline bool record_start_array(void *ctx)
{
    return record(ctx, "[", SS_LIT(""));
}

static inline bool record_end_array(void *ctx)
{
    return record(ctx, "]", SS_LIT(""));
}

static const struct ss_json_sink recorder_sink = {
    .null = record_null,
    .boolean = record_boolean,
    .number = record_number,
    .string = record_string,
    .start_object = record_start_object,
    .key = record_key,
    .end_object = record_end_object,
    .start_array = record_start_array,
    .end_array = record_end_array,
};

/* Bytes in a heap block of exactly their size, so that reading past them is noticed. Free with free. */
static inline struct ss_slice exact(struct ss_slice s)
{
    char *p = malloc(s.len ? s.len : 1);
    if (s.len)
        memcpy(p, s.ptr, s.len);
    return ss_slice_of(p, s.len);
}

#endif
