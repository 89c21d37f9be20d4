/* What the fuzzers of transcoding share: a schema and a codec, made once, and a type and options from the
 * input's first byte. */
#ifndef SS_FUZZ_TRANSCODE_H
#define SS_FUZZ_TRANSCODE_H

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "transcode/rich_set.h"
#include "transcode/transcode.h"

struct fuzz {
    struct ss_schema *schema;
    struct ss_codec *codec;
    struct ss_arena arena;
    struct ss_buf wire, json, again;
};

static inline struct fuzz *fuzz_get(void)
{
    static struct fuzz *f;
    if (f)
        return f;
    static struct fuzz one;
    struct ss_slice why = {NULL, 0};
    struct ss_descriptor_set set = {.bytes = ss_slice_of((const char *)rich_set, rich_set_len),
                                    .origin = SS_LIT("rich_set")};
    ss_arena_init(&one.arena, 0);
    if (ss_schema_load(&set, 1, &one.arena, &why, &one.schema))
        abort();
    one.codec = ss_codec_new();
    ss_buf_init(&one.wire, 1 << 20);
    ss_buf_init(&one.json, 1 << 24);
    ss_buf_init(&one.again, 1 << 24);
    return f = &one;
}

static inline void fuzz_reset(struct fuzz *f)
{
    ss_arena_reset(&f->arena);
    f->wire.len = f->json.len = f->again.len = 0;
}

static inline const struct ss_message *fuzz_type(const struct fuzz *f, unsigned pick)
{
    static const char *const names[] = {"rich.All", "rich2.Old", "rich.Shuffled", "google.protobuf.Any"};
    const struct ss_message *m = ss_schema_message(f->schema, ss_slice_str(names[pick % 4]));
    assert(m);
    return m;
}

#endif
