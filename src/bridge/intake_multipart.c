/* multipart/form-data: a part goes to the field of its name. A part for a bytes or google.api.HttpBody field
 * is taken as it is, any other binds as a query parameter does. One message, but for a client stream of
 * files: there each piece of a part is a message as it comes in. */
#include "bridge/call.h"
#include "http/multipart.h"
#include "wire/writer.h"

enum { HTTP_BODY_TYPE = 1, HTTP_BODY_DATA = 2, MAX_HEAD = 16 * 1024, MAX_PARTS = 1000 };

struct form {
    struct ss_multipart parser;
    const struct ss_field *file;  /* of the part being read; NULL: text */
    struct ss_slice content_type; /* of that part */
    struct ss_buf data;           /* its body */
    struct ss_buf text;           /* text parts so far, as an urlencoded form */
    struct ss_buf wire;           /* files so far */
    const struct ss_field *
        *seen;     /* by oneof, then by index: the fields that parts have set, files if by index */
    bool any;      /* a message has been sent */
    bool none_yet; /* the part has no content so far, and is none if it stays so */
    struct ss_multipart_part head; /* of that part; its slices are the call's */
};

/* The message whose fields parts name: the request, or its body field. */
static const struct ss_message *target(const struct ss_call *call)
{
    const struct ss_field *body = ss_route_body_field(call->match.route);
    return body ? body->message : call->method->input;
}

static enum ss_err begin(struct ss_call *call, const struct ss_request *r, struct ss_status *st)
{
    const struct ss_multipart_limits limits = {MAX_HEAD, MAX_PARTS};
    const struct ss_header *h = ss_header_find(r->headers, r->n_headers, SS_LIT("content-type"));
    struct form *f = ss_arena_zalloc(&call->arena, sizeof *f);
    if (target(call) == NULL)
        return ss_status_set(st, &call->arena, SS_ERR_MEDIA_TYPE, "expected content-type: application/json");
    if (ss_multipart_init(&f->parser, h ? h->value : (struct ss_slice){0}, &limits) != SS_OK)
        return ss_status_set(st, &call->arena, SS_ERR_INVALID, "content-type: expected a multipart boundary");
    ss_buf_init(&f->data, call->max_request_bytes);
    ss_buf_init(&f->text, 3 * call->max_request_bytes + 1024);
    ss_buf_init(&f->wire, call->max_request_bytes + 64 * 1024);
    const struct ss_message *m = target(call);
    f->seen = ss_arena_zalloc(&call->arena, (m->n_oneofs + m->n_fields) * sizeof(struct ss_field *));
    call->intake_state = f;
    if (call->method->client_streaming)
        ss_call_open(call, false);
    return SS_OK;
}

static void dispose(struct ss_call *call)
{
    struct form *f = call->intake_state;
    if (f == NULL)
        return;
    ss_multipart_dispose(&f->parser);
    ss_buf_dispose(&f->data);
    ss_buf_dispose(&f->text);
    ss_buf_dispose(&f->wire);
}

static bool is_file_field(const struct ss_field *f)
{
    return f->type == SS_TYPE_BYTES || (f->message && !f->map && f->message->wkt == SS_WKT_HTTP_BODY);
}

/* A message has room for one value of a singular field, and for one member of a oneof: the last would win in
 * silence. A stream has a message for each piece. */
static enum ss_err check_twice(struct ss_call *call, const struct ss_field *field, struct ss_slice name,
                               struct ss_status *st)
{
    struct form *f = call->intake_state;
    size_t n_oneofs = target(call)->n_oneofs;
    if (call->method->client_streaming)
        return SS_OK;
    if (f->file && !field->repeated && f->seen[n_oneofs + field->index])
        return ss_status_violation(st, &call->arena, name, "a second file: the field takes one");
    f->seen[n_oneofs + field->index] = field;
    if (field->oneof < 0)
        return SS_OK;
    const struct ss_field *other = f->seen[field->oneof];
    f->seen[field->oneof] = field;
    if (other == NULL || other == field)
        return SS_OK;
    return ss_status_violation(st, &call->arena, name,
                               "cannot be set: \"%.*s\" of the same oneof \"%.*s\" is set too",
                               SS_FMT(other->json_name), SS_FMT(field->parent->oneofs[field->oneof].name));
}

static enum ss_err begin_part(struct ss_call *call, const struct ss_multipart_part *part,
                              struct ss_status *st)
{
    struct form *f = call->intake_state;
    const struct ss_field *field = ss_message_field_named(target(call), part->name);
    f->file = field && is_file_field(field) ? field : NULL;
    f->data.len = 0;
    if (field && check_twice(call, field, part->name, st) != SS_OK)
        return SS_ERR_INVALID;
    if (f->file) {
        f->content_type = ss_arena_copy(&call->arena, part->content_type);
        return SS_OK;
    }
    if (part->is_file)
        return ss_status_violation(st, &call->arena, part->name,
                                   "expected the name of a bytes or google.api.HttpBody field for a file");
    f->content_type = ss_arena_copy(&call->arena, part->name); /* a text part needs its name instead */
    return SS_OK;
}

/* Whether the part may be what a browser sends for a file input that was left empty (HTML Standard,
 * "constructing the entry list"), or Dify in a form without a file. */
static bool may_be_none(const struct ss_multipart_part *part)
{
    struct ss_slice type = part->content_type;
    const char *semicolon = type.len ? memchr(type.ptr, ';', type.len) : NULL;
    if (semicolon)
        type.len = (size_t)(semicolon - type.ptr);
    while (type.len && type.ptr[type.len - 1] == ' ')
        type.len--;
    return part->filename.len == 0 && ss_slice_eq_ci(type, SS_LIT("application/octet-stream"));
}

/* Only its content can tell whether it is a part. */
static void put_off(struct ss_call *call, const struct ss_multipart_part *part)
{
    struct form *f = call->intake_state;
    struct ss_arena *a = &call->arena;
    f->none_yet = true;
    f->head = (struct ss_multipart_part){.name = ss_arena_copy(a, part->name),
                                         .content_type = ss_arena_copy(a, part->content_type),
                                         .is_file = part->is_file};
}

static enum ss_err put_urlencoded(struct ss_buf *out, struct ss_slice s)
{
    static const char hex[] = "0123456789ABCDEF";
    enum ss_err err = ss_buf_reserve(out, 3 * s.len);
    for (size_t i = 0; i < s.len && err == SS_OK; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        char *p = out->ptr + out->len;
        if (plain) {
            *p = (char)c;
        } else {
            p[0] = '%';
            p[1] = hex[c >> 4];
            p[2] = hex[c & 15];
        }
        out->len += plain ? 1 : 3;
    }
    return err;
}

static enum ss_err add_text(struct form *f)
{
    enum ss_err err = f->text.len ? ss_buf_append(&f->text, "&", 1) : SS_OK;
    if (err == SS_OK)
        err = put_urlencoded(&f->text, f->content_type);
    if (err == SS_OK)
        err = ss_buf_append(&f->text, "=", 1);
    return err == SS_OK ? put_urlencoded(&f->text, ss_buf_slice(&f->data)) : err;
}

/* The file field with data, in out. */
static enum ss_err put_file(const struct form *f, struct ss_slice data, struct ss_buf *out)
{
    if (f->file->type == SS_TYPE_BYTES)
        return ss_wire_put_bytes(out, f->file->number, data);
    struct ss_slice type = f->content_type;
    size_t size = ss_wire_bytes_size(HTTP_BODY_DATA, data.len);
    if (type.len)
        size += ss_wire_bytes_size(HTTP_BODY_TYPE, type.len);
    enum ss_err err = ss_wire_put_head(out, f->file->number, size);
    if (err == SS_OK && type.len)
        err = ss_wire_put_bytes(out, HTTP_BODY_TYPE, type);
    return err == SS_OK ? ss_wire_put_bytes(out, HTTP_BODY_DATA, data) : err;
}

/* Files within the body field, if there is one. */
static enum ss_err put_files(struct ss_call *call, struct ss_slice files, struct ss_buf *out)
{
    const struct ss_field *body = ss_route_body_field(call->match.route);
    if (files.len == 0)
        return SS_OK;
    return body ? ss_wire_put_bytes(out, body->number, files) : ss_buf_append_slice(out, files);
}

/* Text parts so far, path and query, and files: one message. */
static enum ss_err send_message(struct ss_call *call, struct ss_slice files, bool last, struct ss_status *st)
{
    struct form *f = call->intake_state;
    struct ss_buf out;
    enum ss_err err = ss_call_begin_message(call, &out, files.len + 128, st);
    if (err == SS_OK && f->text.len)
        err = ss_route_bind_form(&call->match, ss_buf_slice(&f->text), &call->bridge->hash_key, &call->arena,
                                 &out, st);
    enum ss_err kept = err == SS_OK ? put_files(call, files, &out) : SS_OK;
    if (kept != SS_OK)
        err = ss_call_no_room(call, kept, st);
    if (err == SS_OK && !f->any)
        err = ss_call_bind(call, &out, st);
    if (err == SS_OK)
        err = ss_call_frame(call, &out, st);
    if (err != SS_OK) {
        ss_buf_dispose(&out);
        return err;
    }
    f->any = true;
    f->text.len = 0;
    ss_call_send(call, &out, last);
    return SS_OK;
}

static enum ss_err too_large(struct ss_call *call, struct ss_status *st)
{
    return ss_status_set(st, &call->arena, SS_ERR_BODY_TOO_LARGE, "the body is larger than %zu bytes",
                         call->max_request_bytes);
}

static enum ss_err take_data(struct ss_call *call, struct ss_slice data, struct ss_status *st)
{
    struct form *f = call->intake_state;
    if (f->none_yet) {
        f->none_yet = false;
        if (begin_part(call, &f->head, st) != SS_OK)
            return SS_ERR_INVALID;
    }
    if (!(f->file && call->method->client_streaming))
        return ss_buf_append_slice(&f->data, data) == SS_OK ? SS_OK : too_large(call, st);
    f->wire.len = 0; /* each piece goes up at once */
    if (put_file(f, data, &f->wire) != SS_OK)
        return too_large(call, st);
    f->content_type = (struct ss_slice){0};
    return send_message(call, ss_buf_slice(&f->wire), false, st);
}

static enum ss_err end_part(struct ss_call *call, struct ss_status *st)
{
    struct form *f = call->intake_state;
    enum ss_err err = SS_OK;
    if (f->none_yet) {
        f->none_yet = false;
        return SS_OK;
    }
    if (f->file == NULL)
        err = add_text(f);
    else if (!call->method->client_streaming)
        err = put_file(f, ss_buf_slice(&f->data), &f->wire);
    return err == SS_OK ? SS_OK : too_large(call, st);
}

static enum ss_err end_form(struct ss_call *call, struct ss_status *st)
{
    struct form *f = call->intake_state;
    if (!call->method->client_streaming)
        return send_message(call, ss_buf_slice(&f->wire), true, st);
    if (f->text.len)
        return send_message(call, (struct ss_slice){0}, true, st);
    struct ss_buf none;
    ss_buf_init(&none, 1);
    ss_call_send(call, &none, true);
    return SS_OK;
}

static enum ss_err push(struct ss_call *call, const char *p, size_t n, bool last, struct ss_status *st)
{
    struct form *f = call->intake_state;
    struct ss_multipart_event event = {0};
    enum ss_err err = SS_OK;
    do {
        size_t used = 0;
        err = ss_multipart_push(&f->parser, p, n, &used, &event);
        if (err != SS_OK)
            return ss_status_set(st, &call->arena, err, "multipart: %s", f->parser.why);
        p += used;
        n -= used;
        if (event.kind == SS_MULTIPART_PART && may_be_none(&event.part))
            put_off(call, &event.part);
        else if (event.kind == SS_MULTIPART_PART)
            err = begin_part(call, &event.part, st);
        else if (event.kind == SS_MULTIPART_DATA)
            err = take_data(call, event.data, st);
        else if (event.kind == SS_MULTIPART_PART_END)
            err = end_part(call, st);
    } while (err == SS_OK && event.kind != SS_MULTIPART_NONE);
    if (err != SS_OK || !last)
        return err;
    if (ss_multipart_end(&f->parser) != SS_OK)
        return ss_status_set(st, &call->arena, SS_ERR_INVALID, "multipart: %s", f->parser.why);
    return end_form(call, st);
}

const struct ss_intake_ops ss_intake_multipart = {.begin = begin, .push = push, .dispose = dispose};
