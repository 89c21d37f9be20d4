/* JSON to wire, private to transcode/: the state that the reader's events drive.
 *
 * A frame stands for each open object or array, above one for the root. The top frame says what the next
 * event means:
 *
 *   ROOT       the value itself: a message, or the field that the body is
 *   MESSAGE    an object of an ordinary message: a key names a field, a value goes to it
 *   ARRAY      a repeated field, or a ListValue: values are elements
 *   MAP        a map field, or a Struct: a key begins an entry, the value ends it
 *   ANY        an Any whose type is not known yet. Its first key is "@type": the frame becomes MESSAGE or
 * ANY_VALUE when the type has been read. Any other first key: it becomes TAPE       the tokens are kept until
 * the object ends, then the type is looked for among them, the frame becomes MESSAGE or ANY_VALUE, and they
 * are played (to_wire_any.c). Only the outermost is taped: a tape knows where each object on it ends, so an
 * Any in it finds its type without another. ANY_VALUE  an Any of a type that has a JSON form of its own:
 * "value" holds it SKIP       something that is ignored; one frame however deep it is
 *
 * Nothing is kept of where in the text things are. When something is wrong, the text is read a second time up
 * to the event where it was found, and path, line and column come from that (to_wire_error.c). */
#ifndef SS_TRANSCODE_TO_WIRE_H
#define SS_TRANSCODE_TO_WIRE_H

#include "transcode/codec.h"
#include "transcode/token.h"

enum ss_frame_kind {
    SS_FRAME_ROOT,
    SS_FRAME_MESSAGE,
    SS_FRAME_ARRAY,
    SS_FRAME_MAP,
    SS_FRAME_ANY,
    SS_FRAME_TAPE,
    SS_FRAME_ANY_VALUE,
    SS_FRAME_SKIP,
};

struct ss_frame {
    uint8_t kind;    /* enum ss_frame_kind */
    bool any;        /* MESSAGE: the members of an Any, "@type" among them */
    bool drop_empty; /* packed arrays, an Any's value: not written when nothing is in it */
    bool of_struct;  /* MAP: of a Struct, whose keys are shown as members */
    uint32_t next;   /* MESSAGE: index of the field expected next; TAPE, SKIP: nested objects and arrays;
                        ANY: 1 when the type comes next; ANY_VALUE: enum ss_any_value */
    const struct ss_field
        *field; /* where the next value goes. NULL: MESSAGE ignores it; ROOT, ANY_VALUE: message */
    const struct ss_message *message; /* MESSAGE, ROOT, ANY_VALUE: the type */
    const struct ss_field *map;       /* MAP: the field; field is then its entry's value */
    uint32_t outer;                   /* height of the holes before this value began */
    uint32_t inner;                   /* drop_empty, MAP: their height at start */
    size_t start;                     /* drop_empty: where its tag is; MAP: where the entry begins */
    size_t body;                      /* drop_empty: where its content begins */
    size_t seen;                      /* MESSAGE: its first word in codec->seen */
    struct ss_few_keys keys;          /* MAP: those so far */
};

enum ss_any_value {
    SS_ANY_VALUE_NONE,
    SS_ANY_VALUE_SEEN,
    SS_ANY_VALUE_IGNORE_NEXT,
    SS_ANY_VALUE_SEEN_IGNORE_NEXT
};

struct ss_to_wire {
    struct ss_codec *c;
    const struct ss_schema *schema;
    struct ss_json_in options;
    struct ss_arena *arena;
    struct ss_buf *out;
    struct ss_frame *top;
    struct ss_frame *frames, *frames_end;
    size_t events; /* events so far, this one included */
    enum ss_err err;
    struct ss_slice why; /* when err is SS_ERR_INVALID: what was expected */
    size_t tape_first;   /* the event that is first on the tape */
    uint32_t tape_open;  /* while taping: the innermost opening token; UINT32_MAX: none */
    uint32_t tape_at;    /* while playing: the token being played */
    uint32_t tape_next;  /* and the one that comes then */
    size_t tape_events;  /* tokens before that */
    size_t tape_type;    /* the key "@type" last found */
    bool playing;
};

extern const struct ss_json_sink ss_to_wire_sink;

/* What an event does. False ends the reading, with err set. */
bool ss_to_wire_value(struct ss_to_wire *w, const struct ss_token *t);
bool ss_to_wire_key(struct ss_to_wire *w, struct ss_slice key);
bool ss_to_wire_start_object(struct ss_to_wire *w);
bool ss_to_wire_end_object(struct ss_to_wire *w);
bool ss_to_wire_start_array(struct ss_to_wire *w);
bool ss_to_wire_end_array(struct ss_to_wire *w);

/* to_wire_frame.c: beginning and ending what frames stand for */
struct ss_frame *ss_to_wire_push(struct ss_to_wire *w, enum ss_frame_kind kind, size_t outer);
bool ss_to_wire_push_message(struct ss_to_wire *w, const struct ss_message *m, size_t outer);
bool ss_to_wire_become_message(struct ss_to_wire *w, struct ss_frame *f, const struct ss_message *m);
/* Ends the top frame and what it left open, and tells the frame below that its value is done. */
bool ss_to_wire_pop(struct ss_to_wire *w);
/* Begins an entry of the top frame, a map. */
bool ss_to_wire_entry(struct ss_to_wire *w, struct ss_slice key);
bool ss_to_wire_entry_done(struct ss_to_wire *w);
/* Takes the entry back: its value is to be ignored. */
bool ss_to_wire_entry_drop(struct ss_to_wire *w);
/* Writes f's tag and leaves room for the length of its message. */
bool ss_to_wire_begin(struct ss_to_wire *w, const struct ss_field *f);
bool ss_to_wire_open(struct ss_to_wire *w);
bool ss_to_wire_close(struct ss_to_wire *w, size_t height);
/* Notes that f, a member of the top frame's message, has a value: a oneof has but one. */
bool ss_to_wire_claim(struct ss_to_wire *w, const struct ss_field *f);

/* to_wire_scalar.c: values that are one token */
enum ss_put { SS_PUT_FAILED, SS_PUT_DONE, SS_PUT_DROPPED };
/* tagged: with its tag, which elements of a packed array lack. skip_default: nothing for zero. DROPPED: it
 * was an enum name that is unknown and unknown things are ignored. */
enum ss_put ss_to_wire_put(struct ss_to_wire *w, const struct ss_field *f, const struct ss_token *t,
                           bool tagged, bool skip_default);
/* The content of a message that is one token: null, "3s". */
enum ss_put ss_to_wire_put_message(struct ss_to_wire *w, const struct ss_message *m,
                                   const struct ss_token *t);
bool ss_to_wire_append(struct ss_to_wire *w, const char *p, size_t n);
/* Whether null is a value of f rather than its absence. */
bool ss_field_takes_null(const struct ss_field *f);

/* to_wire_any.c */
bool ss_to_wire_any_key(struct ss_to_wire *w, struct ss_slice key);
bool ss_to_wire_any_type(struct ss_to_wire *w, const struct ss_token *t);
bool ss_to_wire_any_value_key(struct ss_to_wire *w, struct ss_slice key);
/* While playing: passes over the next token, a scalar. */
void ss_to_wire_skip_taped(struct ss_to_wire *w);
/* A token for the tape, the top frame being a TAPE; its last one plays it. */
bool ss_to_wire_tape(struct ss_to_wire *w, const struct ss_token *t);

/* to_wire_error.c */
bool ss_to_wire_fail(struct ss_to_wire *w, enum ss_err err);
bool ss_to_wire_invalid(struct ss_to_wire *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "expected WANTS, got TOKEN" */
bool ss_to_wire_expected(struct ss_to_wire *w, struct ss_slice wants, const struct ss_token *got);
bool ss_to_wire_unknown_field(struct ss_to_wire *w, const struct ss_message *m, struct ss_slice key);
/* Tells the client: a violation in st with path and place. prefix: what the text is the value of, or empty.
 */
enum ss_err ss_to_wire_report(struct ss_to_wire *w, struct ss_slice text,
                              const struct ss_json_options *options, struct ss_slice prefix,
                              struct ss_status *st);

#endif
