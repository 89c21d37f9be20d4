/* The forms in which a stream of JSON messages is sent as one HTTP body: NDJSON, JSON array, server-sent
 * events, one object. Every function appends one piece, ready to be sent, to out. */
#ifndef SS_HTTP_STREAM_BODY_H
#define SS_HTTP_STREAM_BODY_H

#include "base/buf.h"

enum ss_body_form {
    SS_BODY_NDJSON,
    SS_BODY_ARRAY,
    SS_BODY_SSE,
    SS_BODY_OBJECT, /* {"items":[…]}, for clients that buffer everything anyway */
};

/* "application/x-ndjson", "application/json", "text/event-stream", "application/json". */
struct ss_slice ss_body_content_type(enum ss_body_form form);

struct ss_stream_body {
    enum ss_body_form form;
    bool any;             /* a message, or an error, has been written */
    bool envelope;        /* NDJSON: each message is {"result":MESSAGE}, as grpc-gateway has it */
    bool pretty;          /* array, object: elements and brackets stand on lines of their own */
    bool truncated;       /* object: set before the end when messages were left out */
    struct ss_slice done; /* SSE: data of a last event behind a good stream, such as [DONE]; empty: no such
                             event. Borrowed for as long as the body is written */
};

/* How many levels deep a message stands: for the layout of its JSON when pretty. */
unsigned ss_stream_body_indent(const struct ss_stream_body *b);

/* SSE: the event and id lines of the message that is written next (the others: nothing). An empty value, or
 * one that holds CR, LF or NUL, which could begin another line, gets no line. The event "error" is the one of
 * ss_stream_body_error alone: a message's becomes "error_", its "error_" becomes "error__", and so on. */
enum ss_err ss_stream_body_event(struct ss_stream_body *b, struct ss_slice event, struct ss_slice id,
                                 struct ss_buf *out);

/* What goes before the message's JSON and behind it, so that the transcoder can write straight into out:
 * before, then the JSON text (one line: no CR or LF, which compact JSON never has), then after. */
enum ss_err ss_stream_body_before(struct ss_stream_body *b, struct ss_buf *out);
enum ss_err ss_stream_body_after(struct ss_stream_body *b, struct ss_buf *out);
/* A message whose JSON may hold line breaks (pretty): SSE prefixes each line with "data: ". */
enum ss_err ss_stream_body_message(struct ss_stream_body *b, struct ss_slice json, struct ss_buf *out);
/* The end of a good stream: "]" or "[]" for an array, the same within an object, with "truncated":true when
 * it was cut; the done event of SSE; nothing else. */
enum ss_err ss_stream_body_end(struct ss_stream_body *b, struct ss_buf *out);
/* The end of a failed one; status is a google.rpc.Status in JSON: {"error":STATUS} as a line or element
 * (array closed behind it; pretty: STATUS stands two levels deep), "error":STATUS behind an object's items,
 * or "event: error" with STATUS as data.
 */
enum ss_err ss_stream_body_error(struct ss_stream_body *b, struct ss_slice status, struct ss_buf *out);
/* SSE: a comment line; the others: nothing. */
enum ss_err ss_stream_body_heartbeat(struct ss_stream_body *b, struct ss_buf *out);

#endif
