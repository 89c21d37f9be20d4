/* What every test of transcoding needs: a schema of rich.proto and rich2.proto, a codec, and one call each
 * way. */
#ifndef SS_TESTS_TRANSCODE_SUPPORT_H
#define SS_TESTS_TRANSCODE_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/mem.h"
#include "transcode/rich_set.h"
#include "transcode/transcode.h"

struct fixture {
    struct ss_schema *schema;
    struct ss_codec *codec;
    struct ss_arena arena;
    struct ss_buf wire, json;
    struct ss_status status;
    struct ss_json_in in;
    struct ss_json_out out;
};

static struct fixture *fx;

static inline int fixture_start(void **state)
{
    struct ss_slice why = {NULL, 0};
    struct ss_descriptor_set set = {.bytes = ss_slice_of((const char *)rich_set, rich_set_len),
                                    .origin = SS_LIT("rich_set")};
    fx = ss_xcalloc(1, sizeof *fx);
    ss_arena_init(&fx->arena, 0);
    if (ss_schema_load(&set, 1, &fx->arena, &why, &fx->schema)) {
        fprintf(stderr, "%.*s\n", SS_FMT(why));
        return 1;
    }
    fx->codec = ss_codec_new();
    ss_buf_init(&fx->wire, 1 << 28);
    ss_buf_init(&fx->json, 1 << 28);
    *state = fx;
    return 0;
}

static inline int fixture_stop(void **state)
{
    (void)state;
    ss_codec_free(fx->codec);
    ss_schema_free(fx->schema);
    ss_arena_dispose(&fx->arena);
    ss_buf_dispose(&fx->wire);
    ss_buf_dispose(&fx->json);
    ss_free(fx);
    return 0;
}

/* Options back to what they are by default; before each test. */
static inline int fixture_reset(void **state)
{
    (void)state;
    fx->in = (struct ss_json_in){.max_depth = 0};
    fx->out = (struct ss_json_out){.emit_defaults = false};
    fx->wire.max = fx->json.max = 1 << 28;
    return 0;
}

static inline const struct ss_message *type(const char *name)
{
    const struct ss_message *m = ss_schema_message(fx->schema, ss_slice_str(name));
    if (!m)
        fail_msg("no message %s", name);
    return m;
}

/* s at the end of a heap block of its size, so that a read past it is seen. Free with ss_free. */
static inline char *exact(struct ss_slice s)
{
    char *p = ss_xmalloc(s.len ? s.len : 1);
    if (s.len)
        memcpy(p, s.ptr, s.len);
    return p;
}

/* Into fx->wire, which is emptied first; for a body of that field if there is one. */
static inline enum ss_err to_wire_body(const char *message, const struct ss_field *body, struct ss_slice text)
{
    char *copy = exact(text);
    fx->wire.len = 0;
    fx->status = (struct ss_status){.code = 0};
    enum ss_err err = ss_json_to_wire(fx->codec, fx->schema, type(message), body, ss_slice_of(copy, text.len),
                                      &fx->in, &fx->arena, &fx->wire, &fx->status);
    ss_free(copy);
    if (err && fx->wire.len)
        fail_msg("a failure left %zu bytes behind", fx->wire.len);
    return err;
}

static inline enum ss_err to_wire(const char *message, const char *json)
{
    return to_wire_body(message, NULL, ss_slice_str(json));
}

/* Into fx->json, with a NUL behind. */
static inline enum ss_err to_json_field(const char *message, const struct ss_field *field,
                                        struct ss_slice wire)
{
    char *copy = exact(wire);
    fx->json.len = 0;
    fx->status = (struct ss_status){.code = 0};
    enum ss_err err =
        ss_wire_to_json(fx->codec, fx->schema, type(message), field, ss_slice_of(copy, wire.len), &fx->out,
                        &fx->arena, &fx->json, &fx->status);
    ss_free(copy);
    if (err && fx->json.len)
        fail_msg("a failure left %zu bytes behind", fx->json.len);
    if (ss_buf_append(&fx->json, "", 1))
        fail_msg("no memory");
    fx->json.len--;
    return err;
}

static inline enum ss_err to_json(const char *message, struct ss_slice wire)
{
    return to_json_field(message, NULL, wire);
}

static inline const struct ss_field *field(const char *message, const char *name)
{
    const struct ss_field *f = ss_message_field(type(message), ss_slice_str(name));
    if (!f)
        fail_msg("no field %s in %s", name, message);
    return f;
}

#define assert_wire(want)                                                                                    \
    do {                                                                                                     \
        struct ss_slice want_ = SS_LIT(want);                                                                \
        assert_int_equal(fx->wire.len, want_.len);                                                           \
        assert_memory_equal(fx->wire.ptr, want_.ptr, want_.len);                                             \
    } while (0)

/* json becomes wire and wire becomes back, which is json when NULL. */
static inline void check_both(const char *message, const char *json, struct ss_slice wire, const char *back)
{
    if (to_wire(message, json))
        fail_msg("%s is refused: %.*s", json, SS_FMT(fx->status.message));
    if (fx->wire.len != wire.len || memcmp(fx->wire.ptr, wire.ptr, wire.len) != 0) {
        for (size_t i = 0; i < fx->wire.len; i++)
            fprintf(stderr, "\\x%02x", (unsigned char)fx->wire.ptr[i]);
        fail_msg(" is the wire of %s", json);
    }
    if (to_json(message, wire))
        fail_msg("the wire of %s is refused: %.*s", json, SS_FMT(fx->status.message));
    assert_string_equal(fx->json.ptr, back ? back : json);
}

/* json is refused with exactly that path and description. */
static inline void check_refused(const char *message, const char *json, const char *path,
                                 const char *description)
{
    if (to_wire(message, json) != SS_ERR_INVALID)
        fail_msg("%s is not refused", json);
    assert_non_null(fx->status.violations);
    assert_string_equal(fx->status.violations->field.len ? fx->status.violations->field.ptr : "", path);
    assert_string_equal(fx->status.violations->description.ptr, description);
}

#endif
