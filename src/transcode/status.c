/* google.rpc.Status from what a client is told, in JSON and on the wire. */
#include "base/base64.h"
#include "base/utf8.h"
#include "transcode/codec.h"
#include "wire/reader.h"
#include "wire/writer.h"
#include "json/number.h"
#include "json/writer.h"

/* Fields of google.rpc.Status, google.protobuf.Any, google.rpc.BadRequest and its FieldViolation. */
enum { STATUS_CODE = 1, STATUS_MESSAGE = 2, STATUS_DETAILS = 3 };
enum { ANY_URL = 1, ANY_VALUE = 2 };
enum { BAD_REQUEST_VIOLATIONS = 1, VIOLATION_FIELD = 1, VIOLATION_DESCRIPTION = 2 };

/* How deep a detail stands in the text of a status. */
enum { DETAIL = 2 };

#define BAD_REQUEST_URL "type.googleapis.com/google.rpc.BadRequest"

/* s with each byte that is not UTF-8 made U+FFFD. */
static enum ss_err put_mended(struct ss_buf *out, struct ss_slice s)
{
    enum ss_err err = SS_OK;
    while (s.len && !err) {
        size_t n = ss_utf8_valid_len(s);
        err = ss_buf_append(out, s.ptr, n);
        s = ss_slice_skip(s, n);
        if (s.len && !err) {
            err = ss_buf_append(out, "\xef\xbf\xbd", 3);
            s = ss_slice_skip(s, 1);
        }
    }
    return err;
}

static enum ss_err put_string(struct ss_buf *out, struct ss_slice s)
{
    if (s.len == 0)
        return ss_buf_append(out, "\"\"", 2);
    enum ss_err err = ss_json_write_string(out, s);
    if (err != SS_ERR_INVALID)
        return err;
    struct ss_buf mended;
    ss_buf_init(&mended, out->max);
    err = put_mended(&mended, s);
    if (!err)
        err = ss_json_write_string(out, ss_buf_slice(&mended));
    ss_buf_dispose(&mended);
    return err;
}

static enum ss_err put_text(struct ss_buf *out, const char *text)
{
    return ss_buf_append(out, text, strlen(text));
}

/* ---- JSON ---- */

/* Where a text is in the making, and how. */
struct writing {
    struct ss_codec *c;
    const struct ss_schema *s;
    const struct ss_json_out *options;
    struct ss_buf *out;
};

/* A new line that is level levels deep, when pretty. */
static enum ss_err put_line(const struct writing *w, unsigned level)
{
    if (!w->options->pretty)
        return SS_OK;
    size_t n = (size_t)SS_JSON_INDENT * (w->options->indent + level);
    enum ss_err err = ss_buf_reserve(w->out, n + 1);
    if (err)
        return err;
    w->out->ptr[w->out->len] = '\n';
    memset(w->out->ptr + w->out->len + 1, ' ', n);
    w->out->len += n + 1;
    return SS_OK;
}

/* key, which is quoted and begins with the comma before it if there is one, on a line of its own. */
static enum ss_err put_key(const struct writing *w, unsigned level, const char *key)
{
    enum ss_err err = SS_OK;
    if (*key == ',') {
        err = put_text(w->out, ",");
        key++;
    }
    if (!err)
        err = put_line(w, level);
    if (!err)
        err = put_text(w->out, key);
    return err ? err : put_text(w->out, w->options->pretty ? ": " : ":");
}

/* A bracket, on a line of its own. */
static enum ss_err put_close(const struct writing *w, unsigned level, const char *bracket)
{
    enum ss_err err = put_line(w, level);
    return err ? err : put_text(w->out, bracket);
}

/* The detail as it came: {"@type":…,"value":"base64"}. */
static enum ss_err put_opaque(const struct writing *w, struct ss_slice any)
{
    struct ss_slice url = SS_LIT(""), value = SS_LIT("");
    const char *p = any.ptr, *end = p + any.len;
    while (p && p < end) {
        uint32_t tag;
        p = ss_wire_get_tag(p, end, &tag);
        if (p && tag == ss_tag(ANY_URL, SS_WIRE_BYTES))
            p = ss_wire_get_bytes(p, end, &url);
        else if (p && tag == ss_tag(ANY_VALUE, SS_WIRE_BYTES))
            p = ss_wire_get_bytes(p, end, &value);
        else if (p)
            p = ss_wire_skip(p, end, tag, SS_WIRE_MAX_DEPTH);
    }
    enum ss_err err = put_text(w->out, "{");
    if (!err)
        err = put_key(w, DETAIL + 1, "\"@type\"");
    if (!err)
        err = put_string(w->out, url);
    if (!err)
        err = put_key(w, DETAIL + 1, ",\"value\"");
    if (!err)
        err = ss_json_write_base64(w->out, value);
    return err ? err : put_close(w, DETAIL, "}");
}

static enum ss_err put_detail(const struct writing *w, struct ss_slice any)
{
    const struct ss_json_out options = {.emit_defaults = w->options->emit_defaults,
                                        .pretty = w->options->pretty,
                                        .indent = w->options->indent + DETAIL};
    const struct ss_message *m = w->s ? ss_schema_message(w->s, SS_LIT("google.protobuf.Any")) : NULL;
    enum ss_err err = SS_ERR_BAD_RESPONSE;
    if (m) {
        struct ss_arena a;
        struct ss_status unused = {0};
        ss_arena_init(&a, 0);
        err = ss_wire_to_json(w->c, w->s, m, NULL, any, &options, &a, w->out, &unused);
        ss_arena_dispose(&a);
    }
    return err == SS_ERR_BAD_RESPONSE ? put_opaque(w, any) : err;
}

/* What stands before a detail. */
static enum ss_err begin_detail(const struct writing *w, bool *any)
{
    enum ss_err err = SS_OK;
    if (!*any)
        err = put_key(w, 1, ",\"details\"");
    if (!err)
        err = put_text(w->out, *any ? "," : "[");
    *any = true;
    return err ? err : put_line(w, DETAIL);
}

static enum ss_err put_details(const struct writing *w, const struct ss_status *st, bool *any)
{
    struct ss_slice all = st->details.len ? st->details : SS_LIT("");
    const char *p = all.ptr, *end = p + all.len;
    enum ss_err err = SS_OK;
    while (p && p < end && !err) {
        uint32_t tag;
        struct ss_slice detail;
        p = ss_wire_get_tag(p, end, &tag);
        if (p && tag == ss_tag(STATUS_DETAILS, SS_WIRE_BYTES)) {
            p = ss_wire_get_bytes(p, end, &detail);
            if (!p)
                break;
            err = begin_detail(w, any);
            if (!err)
                err = put_detail(w, detail);
        } else if (p) {
            p = ss_wire_skip(p, end, tag, SS_WIRE_MAX_DEPTH);
        }
    }
    return err;
}

static enum ss_err put_violation(const struct writing *w, const struct ss_violation *v, bool first)
{
    enum ss_err err = first ? SS_OK : put_text(w->out, ",");
    if (!err)
        err = put_line(w, DETAIL + 2);
    if (!err)
        err = put_text(w->out, "{");
    if (!err)
        err = put_key(w, DETAIL + 3, "\"field\"");
    if (!err)
        err = put_string(w->out, v->field);
    if (!err)
        err = put_key(w, DETAIL + 3, ",\"description\"");
    if (!err)
        err = put_string(w->out, v->description);
    return err ? err : put_close(w, DETAIL + 2, "}");
}

static enum ss_err put_violations(const struct writing *w, const struct ss_status *st, bool *any)
{
    enum ss_err err = begin_detail(w, any);
    if (!err)
        err = put_text(w->out, "{");
    if (!err)
        err = put_key(w, DETAIL + 1, "\"@type\"");
    if (!err)
        err = put_text(w->out, "\"" BAD_REQUEST_URL "\"");
    if (!err)
        err = put_key(w, DETAIL + 1, ",\"fieldViolations\"");
    if (!err)
        err = put_text(w->out, "[");
    for (const struct ss_violation *v = st->violations; v && !err; v = v->next)
        err = put_violation(w, v, v == st->violations);
    if (!err)
        err = put_close(w, DETAIL + 1, "]");
    return err ? err : put_close(w, DETAIL, "}");
}

/* All but the braces. */
static enum ss_err put_members(const struct writing *w, const struct ss_status *st)
{
    char code[SS_NUMBER_MAX];
    bool any = false;
    enum ss_err err = put_key(w, 1, "\"code\"");
    if (!err)
        err = ss_buf_append(w->out, code, ss_print_int64(code, st->code));
    if (!err)
        err = put_key(w, 1, ",\"message\"");
    if (!err)
        err = put_string(w->out, st->message);
    if (!err)
        err = put_details(w, st, &any);
    if (!err && st->violations)
        err = put_violations(w, st, &any);
    if (!err && any)
        return put_close(w, 1, "]");
    if (err || !w->options->emit_defaults)
        return err;
    err = put_key(w, 1, ",\"details\"");
    return err ? err : put_text(w->out, "[]");
}

enum ss_err ss_status_to_json(struct ss_codec *c, const struct ss_schema *s, const struct ss_status *st,
                              const struct ss_json_out *options, struct ss_buf *out)
{
    const struct writing w = {c, s, options, out};
    size_t before = out->len;
    enum ss_err err = put_text(out, "{");
    if (!err)
        err = put_members(&w, st);
    if (!err)
        err = put_close(&w, 0, "}");
    if (err)
        out->len = before;
    return err == SS_ERR_ANSWER_TOO_LARGE ? SS_ERR_LIMIT : err; /* a detail's word for the same */
}

/* ---- the wire ---- */

static enum ss_err violations_to_wire(const struct ss_status *st, struct ss_buf *out)
{
    size_t all = 0;
    for (const struct ss_violation *v = st->violations; v; v = v->next) {
        size_t one = ss_wire_bytes_size(VIOLATION_FIELD, v->field.len) +
                     ss_wire_bytes_size(VIOLATION_DESCRIPTION, v->description.len);
        all += ss_wire_bytes_size(BAD_REQUEST_VIOLATIONS, one);
    }
    struct ss_slice url = SS_LIT(BAD_REQUEST_URL);
    enum ss_err err = ss_wire_put_head(
        out, STATUS_DETAILS, ss_wire_bytes_size(ANY_URL, url.len) + ss_wire_bytes_size(ANY_VALUE, all));
    if (!err)
        err = ss_wire_put_bytes(out, ANY_URL, url);
    if (!err)
        err = ss_wire_put_head(out, ANY_VALUE, all);
    for (const struct ss_violation *v = st->violations; v && !err; v = v->next) {
        err = ss_wire_put_head(out, BAD_REQUEST_VIOLATIONS,
                               ss_wire_bytes_size(VIOLATION_FIELD, v->field.len) +
                                   ss_wire_bytes_size(VIOLATION_DESCRIPTION, v->description.len));
        if (!err)
            err = ss_wire_put_bytes(out, VIOLATION_FIELD, v->field);
        if (!err)
            err = ss_wire_put_bytes(out, VIOLATION_DESCRIPTION, v->description);
    }
    return err;
}

static enum ss_err details_to_wire(const struct ss_status *st, struct ss_buf *out)
{
    struct ss_slice all = st->details.len ? st->details : SS_LIT("");
    const char *p = all.ptr, *end = p + all.len;
    enum ss_err err = SS_OK;
    while (p && p < end && !err) {
        uint32_t tag;
        struct ss_slice detail;
        p = ss_wire_get_tag(p, end, &tag);
        if (p && tag == ss_tag(STATUS_DETAILS, SS_WIRE_BYTES)) {
            p = ss_wire_get_bytes(p, end, &detail);
            if (p)
                err = ss_wire_put_bytes(out, STATUS_DETAILS, detail);
        } else if (p) {
            p = ss_wire_skip(p, end, tag, SS_WIRE_MAX_DEPTH);
        }
    }
    return err;
}

static enum ss_err message_to_wire(const struct ss_status *st, struct ss_buf *out)
{
    if (st->message.len == 0)
        return SS_OK;
    if (ss_utf8_valid(st->message))
        return ss_wire_put_bytes(out, STATUS_MESSAGE, st->message);
    struct ss_buf mended;
    ss_buf_init(&mended, out->max);
    enum ss_err err = put_mended(&mended, st->message);
    if (!err)
        err = ss_wire_put_bytes(out, STATUS_MESSAGE, ss_buf_slice(&mended));
    ss_buf_dispose(&mended);
    return err;
}

enum ss_err ss_status_to_wire(const struct ss_status *st, struct ss_buf *out)
{
    size_t before = out->len;
    enum ss_err err = st->code ? ss_wire_put_uint(out, STATUS_CODE, (uint64_t)(int64_t)st->code) : SS_OK;
    if (!err)
        err = message_to_wire(st, out);
    if (!err)
        err = details_to_wire(st, out);
    if (!err && st->violations)
        err = violations_to_wire(st, out);
    if (err)
        out->len = before;
    return err;
}
