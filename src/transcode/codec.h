/* The working memory of both directions, private to transcode/. */
#ifndef SS_TRANSCODE_CODEC_H
#define SS_TRANSCODE_CODEC_H

#include "transcode/holes.h"
#include "transcode/key_set.h"
#include "transcode/stack.h"
#include "transcode/transcode.h"
#include "json/reader.h"

enum { SS_HINTS = 64 };

struct ss_codec {
    struct ss_json_reader *reader;
    struct ss_key_set keys;
    /* JSON to wire */
    struct ss_holes holes;
    struct ss_stack frames; /* struct ss_frame */
    struct ss_stack seen;   /* uint64_t: bits of the fields and oneofs that a message has had */
    struct ss_stack tape;   /* char: tokens, see to_wire_any.c */
    /* wire to JSON */
    struct ss_stack places; /* uint32_t */
    struct ss_stack slots;  /* struct ss_slot */
    struct ss_stack bits;   /* uint64_t */
    struct ss_buf text;     /* for one text at a time */
    /* Message types whose fields were last seen out of order; compared by address only, so a stale one does
     * no harm. */
    const void *hints[SS_HINTS];
};

#endif
