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

/* The detail as it came: {"@type":…,"value":"base64"}. */
static enum ss_err put_opaque(struct ss_buf *out, struct ss_slice any)
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
    enum ss_err err = put_text(out, "{\"@type\":");
    if (!err)
        err = put_string(out, url);
    if (!err)
        err = put_text(out, ",\"value\":");
    if (!err)
        err = ss_json_write_base64(out, value);
    return err ? err : put_text(out, "}");
}

static enum ss_err put_detail(struct ss_codec *c, const struct ss_schema *s, struct ss_slice any,
                              struct ss_buf *out)
{
    const struct ss_json_out options = {.emit_defaults = true};
    const struct ss_message *m = s ? ss_schema_message(s, SS_LIT("google.protobuf.Any")) : NULL;
    enum ss_err err = SS_ERR_BAD_RESPONSE;
    if (m) {
        struct ss_arena a;
        struct ss_status unused = {0};
        ss_arena_init(&a, 0);
        err = ss_wire_to_json(c, s, m, NULL, any, &options, &a, out, &unused);
        ss_arena_dispose(&a);
    }
    return err == SS_ERR_BAD_RESPONSE ? put_opaque(out, any) : err;
}

static enum ss_err put_details(struct ss_codec *c, const struct ss_schema *s, const struct ss_status *st,
                               struct ss_buf *out, bool *any)
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
            err = *any ? put_text(out, ",") : SS_OK;
            *any = true;
            if (!err)
                err = put_detail(c, s, detail, out);
        } else if (p) {
            p = ss_wire_skip(p, end, tag, SS_WIRE_MAX_DEPTH);
        }
    }
    return err;
}

static enum ss_err put_violations(const struct ss_status *st, struct ss_buf *out)
{
    enum ss_err err = put_text(out, "{\"@type\":\"" BAD_REQUEST_URL "\",\"fieldViolations\":[");
    for (const struct ss_violation *v = st->violations; v && !err; v = v->next) {
        err = put_text(out, v == st->violations ? "{\"field\":" : ",{\"field\":");
        if (!err)
            err = put_string(out, v->field);
        if (!err)
            err = put_text(out, ",\"description\":");
        if (!err)
            err = put_string(out, v->description);
        if (!err)
            err = put_text(out, "}");
    }
    return err ? err : put_text(out, "]}");
}

enum ss_err ss_status_to_json(struct ss_codec *c, const struct ss_schema *s, const struct ss_status *st,
                              struct ss_buf *out)
{
    size_t before = out->len;
    char code[SS_NUMBER_MAX];
    bool any = false;
    enum ss_err err = put_text(out, "{\"code\":");
    if (!err)
        err = ss_buf_append(out, code, ss_print_int64(code, st->code));
    if (!err)
        err = put_text(out, ",\"message\":");
    if (!err)
        err = put_string(out, st->message);
    if (!err)
        err = put_text(out, ",\"details\":[");
    if (!err)
        err = put_details(c, s, st, out, &any);
    if (!err && st->violations) {
        err = any ? put_text(out, ",") : SS_OK;
        if (!err)
            err = put_violations(st, out);
    }
    if (!err)
        err = put_text(out, "]}");
    if (err)
        out->len = before;
    return err;
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
