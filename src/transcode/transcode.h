/* JSON text to protobuf wire bytes and back, straight, over the tables of a schema: no tree, no generated
 * code.
 *
 * A codec holds the working memory of both directions (reader, hole table, scratch); one per worker, used by
 * one thread, grows to the largest message seen and then allocates no more. */
#ifndef SS_TRANSCODE_TRANSCODE_H
#define SS_TRANSCODE_TRANSCODE_H

#include "base/buf.h"
#include "base/status.h"
#include "schema/schema.h"
#include "transcode/field_filter.h"

struct ss_codec;

struct ss_codec *ss_codec_new(void);
void ss_codec_free(struct ss_codec *c);

struct ss_json_in {
    bool ignore_unknown_fields;
    bool lenient;       /* "5" for 5, 5 for "5", True, enum names in any case, base64 with line breaks, "" for
                           nothing in a field that is no string */
    unsigned max_depth; /* 0: 100 */
};

enum { SS_JSON_INDENT = 2 };

struct ss_json_out {
    bool emit_defaults; /* fields without presence are always there */
    bool preserve_proto_field_names;
    bool enums_as_ints;
    bool int64_as_number;
    bool pretty;     /* SS_JSON_INDENT spaces a level, as $prettyPrint wants */
    unsigned indent; /* pretty: how many levels deep the text is to stand in another */
    /* What JSON has no form for comes as it is: a path of a FieldMask that it cannot spell, and an Any of
     * unknown type as "@type" and base64 "value". */
    bool lenient;
    /* $fields, over ss_field_filter_root's type; NULL: everything. Borrowed for the call. */
    const struct ss_field_filter *fields;
};

/* Appends to out the wire bytes of message m, read from JSON text.
 * body: NULL when text is the whole message; else text is the value of that field of m (of any type, also
 * repeated or a map), and the bytes appended are the field's with its tag(s). A failure fills st (through a)
 * with BadRequest violations: field path from the root of text (prefixed with the body field's name), what
 * was expected (an enum: its values), line and column; out is then left as it was. SS_ERR_INVALID bad text;
 * SS_ERR_BODY_TOO_LARGE out's cap was reached. */
enum ss_err ss_json_to_wire(struct ss_codec *c, const struct ss_schema *s, const struct ss_message *m,
                            const struct ss_field *body, struct ss_slice text,
                            const struct ss_json_in *options, struct ss_arena *a, struct ss_buf *out,
                            struct ss_status *st);

/* Appends the bytes of a google.protobuf.FieldMask that names what the JSON object text sets in m, by proto
 * names: "title", "matter.client"; lists, maps and well-known types as a whole, {} as the message itself. For
 * text that ss_json_to_wire has read; unknown fields are left out. SS_ERR_BODY_TOO_LARGE when out's cap was
 * reached. */
enum ss_err ss_json_to_mask(struct ss_codec *c, const struct ss_message *m, struct ss_slice text,
                            bool lenient, struct ss_buf *out);

/* Appends to out the JSON text of wire, a message of type m.
 * response_body: NULL for the whole message; else only that field's value is written (its default, [] or {}
 * when it is absent; null for an absent message). SS_ERR_BAD_RESPONSE when wire is not valid for m;
 * SS_ERR_ANSWER_TOO_LARGE when out's cap was reached; st says why and out is left as it was. */
enum ss_err ss_wire_to_json(struct ss_codec *c, const struct ss_schema *s, const struct ss_message *m,
                            const struct ss_field *response_body, struct ss_slice wire,
                            const struct ss_json_out *options, struct ss_arena *a, struct ss_buf *out,
                            struct ss_status *st);

/* Appends {"code":…,"message":…,"details":[…]} for st: details from st->details (a google.rpc.Status on the
 * wire) decoded where their types are in s or well known, "@type" and base64 "value" where not; and a
 * google.rpc.BadRequest for st->violations. Invalid UTF-8 in the message becomes U+FFFD. Of the options only
 * those of layout count, and emit_defaults: without it "details" is left out when there are none. Never fails
 * but for out's cap. */
enum ss_err ss_status_to_json(struct ss_codec *c, const struct ss_schema *s, const struct ss_status *st,
                              const struct ss_json_out *options, struct ss_buf *out);
/* Appends the google.rpc.Status wire bytes of st, violations included: grpc-status-details-bin before base64.
 */
enum ss_err ss_status_to_wire(const struct ss_status *st, struct ss_buf *out);

/* Appends one value of field f given as text in a path or query: tag and value. Scalars, enums by name in any
 * case or number, wrappers, Timestamp, Duration, FieldMask (proto or JSON spelling), bytes in base64 or
 * base64url. A repeated field gets one more element, unpacked if need be. Not for other messages or maps.
 * lenient: a bool also as 1, t, 0, f and in any case; base64 with line breaks. SS_ERR_INVALID with a text in
 * *expected (through a): "expected an integer of 32 bits". */
enum ss_err ss_text_to_wire(const struct ss_field *f, struct ss_slice text, bool lenient, struct ss_arena *a,
                            struct ss_buf *out, struct ss_slice *expected);
/* Whether text says nothing for f, or for an element of it, where that is taken leniently: it is empty, and f
 * is no string. */
bool ss_text_is_unset(const struct ss_field *f, struct ss_slice text);
/* Whether ss_text_to_wire takes f. */
bool ss_field_takes_text(const struct ss_field *f);

#endif
