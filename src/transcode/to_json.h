/* Wire to JSON, private to transcode/.
 *
 * Members come out in the order of declaration, and most writers put fields on the wire in that order too,
 * each field's occurrences together. So a message is first printed as it is read ("in order",
 * to_json_message.c). When a field comes back later, or a map key comes twice, all output is dropped and the
 * whole is printed once more by way of an index of each message ("indexed", to_json_index.c): every message
 * is then read twice, once to note where its fields are, once to print them. There is no third time, so
 * hostile bytes cost a constant factor and no more. A type that came out of order is remembered and indexed
 * from the start next time.
 *
 * Where a comma is due is told by the byte before: none after '{' and '['. */
#ifndef SS_TRANSCODE_TO_JSON_H
#define SS_TRANSCODE_TO_JSON_H

#include "transcode/codec.h"
#include "wire/reader.h"

/* Where one field is, in offsets from w->wire. */
struct ss_slot {
    uint32_t first; /* of a singular scalar: its last occurrence's tag. Else where its first occurrence
                       begins; scattered: the index of its places in the codec's places */
    uint32_t end;   /* of its last occurrence; SS_SCATTERED: there are others' between its own */
    uint32_t runs;  /* occurrences next to each other are one; while places are noted: how many are */
    uint32_t n;     /* occurrences */
};

#define SS_SCATTERED UINT32_MAX

/* Where the fields of one message are: what it holds of the codec's stacks. */
struct ss_index {
    const struct ss_message *message;
    size_t slots, bits, places;
    bool scattered; /* a field may be */
};

/* The bytes of one message. They may come in pieces, for occurrences of a singular message field merge. */
struct ss_source {
    struct ss_slice bytes;        /* field NULL: the message. n 0: these are to be searched for the field */
    const struct ss_field *field; /* of whose occurrences this is the content */
    uint32_t first, n;            /* the occurrences are at these places */
};

struct ss_to_json {
    struct ss_codec *c;
    const struct ss_schema *schema; /* NULL: no type is known */
    struct ss_json_out options;
    struct ss_arena *arena;
    const struct ss_field_filter *filter; /* of the message being printed; NULL: all of it */
    struct ss_buf *out;
    const char *wire, *wire_end;
    unsigned depth;  /* nested messages */
    unsigned indent; /* nested objects and arrays, when pretty */
    bool indexed;    /* this is the second time */
    bool restart;    /* it failed for order: do it indexed */
    enum ss_err err;
    const char *why;      /* of SS_ERR_BAD_RESPONSE; static */
    struct ss_slice what; /* more of it: the name of an unknown type; borrowed from the wire */
    char path[256];       /* where: field names, innermost last */
    size_t path_len;
};

/* to_json.c */
bool ss_to_json_fail(struct ss_to_json *w, enum ss_err err);
bool ss_to_json_bad(struct ss_to_json *w, const char *why);
/* Puts f in front of the path of an error; false. */
bool ss_to_json_within(struct ss_to_json *w, const struct ss_field *f);
bool ss_to_json_restart(struct ss_to_json *w, const struct ss_message *m);

/* to_json_text.c: pieces of text */
bool ss_to_json_text(struct ss_to_json *w, const char *p, size_t n);
bool ss_to_json_char(struct ss_to_json *w, char c);
bool ss_to_json_new_line(struct ss_to_json *w);

/* Whether something stands before the next element. */
static inline bool ss_to_json_follows(const struct ss_to_json *w)
{
    char last = w->out->ptr[w->out->len - 1];
    return last != '{' && last != '[';
}

static inline bool ss_to_json_put(struct ss_to_json *w, char c)
{
    struct ss_buf *out = w->out;
    if (__builtin_expect(out->len == out->cap, 0))
        return ss_to_json_char(w, c);
    out->ptr[out->len++] = c;
    return true;
}

/* '{' or '['; and the closing one. */
static inline bool ss_to_json_open(struct ss_to_json *w, char c)
{
    w->indent++;
    return ss_to_json_put(w, c);
}

static inline bool ss_to_json_close(struct ss_to_json *w, char c)
{
    w->indent--;
    if (w->options.pretty && ss_to_json_follows(w) && !ss_to_json_new_line(w))
        return false;
    return ss_to_json_put(w, c);
}

/* Comma and new line before an element, as needed. */
static inline bool ss_to_json_next(struct ss_to_json *w)
{
    if (ss_to_json_follows(w) && !ss_to_json_put(w, ','))
        return false;
    return w->options.pretty ? ss_to_json_new_line(w) : true;
}

/* The same, and f's key. */
bool ss_to_json_key(struct ss_to_json *w, const struct ss_field *f);
/* A string whose UTF-8 is checked, and refused or mended. */
bool ss_to_json_string(struct ss_to_json *w, struct ss_slice s, bool strict);

/* to_json_scalar.c. p is behind the tag; the result is behind the value, NULL when it failed. */
struct ss_value {
    uint64_t bits;         /* numbers: cut to the type's size, zigzag undone */
    struct ss_slice bytes; /* strings and bytes */
};
const char *ss_value_read(const struct ss_field *f, const char *p, const char *end, struct ss_value *v);
/* Whether it is a number that its closed enum does not have: then it is an unknown field. */
bool ss_value_unknown(const struct ss_field *f, const struct ss_value *v);
bool ss_value_is_zero(const struct ss_field *f, const struct ss_value *v);
bool ss_to_json_value(struct ss_to_json *w, const struct ss_field *f, const struct ss_value *v);
/* A singular scalar's member from behind its tag. */
const char *ss_to_json_scalar_member(struct ss_to_json *w, const struct ss_field *f, const char *p,
                                     const char *end);
/* Elements of a packed array of floats or doubles. Stops, for the caller to go on one by one, where its loop
 * cannot: at the last element, when out is nearly full, for any other type, when pretty. */
const char *ss_to_json_fixed(struct ss_to_json *w, const struct ss_field *f, const char *p, const char *end);
/* What an absent field's value is: zero, "", [], {}, null for a message. explicit: its own default, if it has
 * one. */
bool ss_to_json_default(struct ss_to_json *w, const struct ss_field *f, bool explicit);
/* The same as text, without an own default; empty for an enum that needs a closer look. */
struct ss_slice ss_to_json_zero(const struct ss_to_json *w, const struct ss_field *f);
/* Whether values of that wire type are f's. */
static inline bool ss_field_takes_wire(const struct ss_field *f, uint32_t wire_type)
{
    return wire_type == f->wire_type ||
           (wire_type == SS_WIRE_BYTES && f->repeated && f->wire_type != SS_WIRE_GROUP);
}

/* to_json_message.c */
/* A message of any type, its own JSON form if it has one. */
bool ss_to_json_message(struct ss_to_json *w, const struct ss_message *m, const struct ss_source *s);
/* The members of a message of an ordinary type, no braces. */
bool ss_to_json_members(struct ss_to_json *w, const struct ss_message *m, const struct ss_source *s);
/* Elements of f from p on. Ends at a field that is not f, or skips those. */
const char *ss_to_json_elements(struct ss_to_json *w, const struct ss_field *f, const char *p,
                                const char *end, bool skip_others);
/* The content of a message field from behind its tag. */
const char *ss_message_field_get(const struct ss_field *f, const char *p, const char *end,
                                 struct ss_slice *body);

/* to_json_source.c */
struct ss_source_iter {
    const char *p, *end;
    uint32_t i;
    bool begun;
};
/* The next piece; false at the end. The bytes have been walked before, so they are well-formed. */
bool ss_source_next(const struct ss_to_json *w, const struct ss_source *s, struct ss_source_iter *it,
                    struct ss_slice *piece);
static inline struct ss_source ss_source_of(struct ss_slice bytes)
{
    return (struct ss_source){bytes, NULL, 0, 0};
}

/* to_json_map.c: entries of f from p on, as ss_to_json_elements does. keys: the map's so far; begun with
 * ss_few_keys_begin_all for all but PRINT. */
enum ss_entries {
    SS_ENTRIES_PRINT,      /* print; restart when a key comes twice */
    SS_ENTRIES_NOTE,       /* print nothing; note which entry is the last of its key */
    SS_ENTRIES_PRINT_LAST, /* print those */
};
const char *ss_to_json_entries(struct ss_to_json *w, const struct ss_field *f, struct ss_few_keys *keys,
                               enum ss_entries what, const char *p, const char *end, bool skip_others);
/* Behind the last entry. */
void ss_to_json_entries_end(struct ss_to_json *w, struct ss_few_keys *keys);

/* to_json_index.c */
/* Notes where the fields of the message are whose bytes are s. */
bool ss_index_begin(struct ss_to_json *w, struct ss_index *ix, const struct ss_message *m,
                    const struct ss_source *s);
void ss_index_end(struct ss_to_json *w, const struct ss_index *ix);
bool ss_index_has(const struct ss_to_json *w, const struct ss_index *ix, const struct ss_field *f);
/* Where the content of f, a message field that is there, is. */
struct ss_source ss_index_source(const struct ss_to_json *w, const struct ss_index *ix,
                                 const struct ss_field *f);
/* The value of f, a singular scalar that is there. */
bool ss_index_scalar(struct ss_to_json *w, const struct ss_index *ix, const struct ss_field *f,
                     struct ss_value *v);
/* The value of f, which is there. *empty: it had no elements after all, and nothing is written. */
bool ss_index_value(struct ss_to_json *w, const struct ss_index *ix, const struct ss_field *f, bool *empty);
bool ss_to_json_indexed(struct ss_to_json *w, const struct ss_message *m, const struct ss_source *s);

/* to_json_wkt.c: the types with a form of their own */
bool ss_to_json_time(struct ss_to_json *w, const struct ss_message *m, const struct ss_source *s);
bool ss_to_json_mask(struct ss_to_json *w, const struct ss_source *s);
bool ss_to_json_wrapper(struct ss_to_json *w, const struct ss_message *m, const struct ss_source *s);
bool ss_to_json_any(struct ss_to_json *w, const struct ss_source *s);
bool ss_to_json_struct(struct ss_to_json *w, const struct ss_message *m, const struct ss_source *s);
bool ss_to_json_list(struct ss_to_json *w, const struct ss_message *m, const struct ss_source *s);
/* A google.protobuf.Value. */
bool ss_to_json_dynamic(struct ss_to_json *w, const struct ss_message *m, const struct ss_source *s);

#endif
