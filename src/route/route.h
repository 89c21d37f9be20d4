/* HTTP method and path → gRPC method, as google.api.http has it. A table is immutable once built and shared
 * by threads; matching allocates from the caller's arena only.
 *
 * A trailing slash is of no segment: no template matches "/a/", be its end "**", unless
 * ignore_trailing_slash, which forgives one. An empty segment elsewhere matches within "**" only. A rule with
 * method "*" takes the methods that no other rule of the same template names. */
#ifndef SS_ROUTE_ROUTE_H
#define SS_ROUTE_ROUTE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/status.h"
#include "schema/schema.h"
#include "transcode/transcode.h"

enum ss_stream_form { SS_STREAM_UNSET, SS_STREAM_NDJSON, SS_STREAM_SSE, SS_STREAM_ARRAY, SS_STREAM_OBJECT };

/* Which methods may be called by gRPC itself: none, those that have a route, or any. */
enum ss_native { SS_NATIVE_UNSET, SS_NATIVE_OFF, SS_NATIVE_ROUTES, SS_NATIVE_ALL };

struct ss_cors_config; /* http/cors.h */

/* Server-sent events of a route whose stream has that form. */
struct ss_route_sse {
    /* Fields of the method's output message that name each event, and are its id: singular, of type string,
     * an enum or an integer. NULL: none. Set for server-streaming methods only. */
    const struct ss_field *event, *id;
    struct ss_slice done; /* data of one more event behind the last message of a stream that ends well; "": no
                             such event */
    int64_t heartbeat_ms; /* a comment after so long a silence; -1: unset (15 s); 0: none */
};

/* What the form `object` may gather; past any of them it answers with what came and "truncated": true. */
struct ss_route_object {
    size_t max_items;    /* 0: unset (10 000) */
    size_t max_bytes;    /* of JSON; 0: unset (4 MiB) */
    int64_t max_time_ms; /* since the request came; 0: unset (60 s) */
};

/* WebSockets of a streaming method. */
struct ss_route_websocket {
    int64_t ping_ms; /* a ping after so long a silence of the client; -1: unset (15 s); 0: none */
};

/* Compression of answers, for who accepts it. */
struct ss_route_gzip {
    bool off;
    size_t min_bytes; /* shorter answers go as they are; 0: unset (1 KiB) */
    bool streams;     /* streams of JSON messages too, each message flushed: 18 KiB a stream, and time */
};

/* What stands beside a rule in a descriptor, with the defaults merged in. Owned by the table's arena. */
struct ss_route_options {
    int64_t timeout_ms;      /* -1: unset (60 s for unary, none for streams); 0: none */
    int64_t idle_timeout_ms; /* of streams; -1: unset (5 min) */
    enum ss_stream_form stream;
    struct ss_json_in in;
    struct ss_json_out out;
    bool ignore_unknown_query_parameters;
    struct ss_slice *ignored_query_parameters;
    size_t n_ignored_query_parameters;
    bool ignore_trailing_slash;
    bool fully_decode_reserved_expansion;
    bool reject_binding_body_field_collisions;
    size_t max_request_bytes; /* of a body; 0: unset (4 MiB) */
    size_t max_message_bytes; /* of one message of the service; 0: unset (4 MiB) */
    size_t max_json_bytes;    /* of an answer's JSON; 0: unset (16 times max_message_bytes, at most 64 MiB) */
    int status_map[17];       /* HTTP status for a gRPC code; 0: by the table */
    /* Which client headers go up and which metadata comes down, names in lower case. Without
     * has_allow_headers all go up that may; with it only those named (perhaps none). Denied names go neither
     * way. */
    struct ss_slice *allow_headers, *deny_headers;
    size_t n_allow_headers, n_deny_headers;
    bool has_allow_headers;
    /* NULL: the listener's, if it has any. `cors: off` is one without origins. */
    const struct ss_cors_config *cors;
    struct ss_route_sse sse;
    struct ss_route_object object;
    struct ss_route_websocket websocket;
    struct ss_route_gzip gzip;
    enum ss_native native; /* UNSET: the upstream's; ALL: as ROUTES */
    bool envelope;         /* each line of an NDJSON stream is {"result":m}, as grpc-gateway has it */
};

/* Bytes that an answer's JSON may have: what the route says, else what the limits say (0: nothing), else 16
 * times what a message of the service may have, at most 64 MiB. */
static inline size_t ss_route_max_json(const struct ss_route_options *o, size_t limit, size_t max_message)
{
    enum { FACTOR = 16, MOST = 64 << 20 };
    if (o && o->max_json_bytes)
        return o->max_json_bytes;
    if (limit)
        return limit;
    return max_message < MOST / FACTOR ? FACTOR * max_message : MOST;
}

/* One HTTP binding of a gRPC method. All pointers are borrowed from the snapshot and outlive the table. */
struct ss_rule {
    struct ss_slice http_method;   /* upper case as sent, "*" of custom: any */
    struct ss_slice path;          /* the template as written */
    struct ss_slice body;          /* "", "*" or a field path of one name */
    struct ss_slice response_body; /* "" or a field name */
    const struct ss_method *method;
    const struct ss_route_options *options;
    uint32_t cluster;       /* index of its upstream in the snapshot */
    struct ss_slice origin; /* "file:line:column" for messages */
};

struct ss_route_table;

/* Parses and checks every rule (template grammar, variables and body that name fields of the input type, no
 * field bound twice, no two rules that match the same method and path) and compiles them. rules are copied;
 * what they point to is borrowed. SS_ERR_CONFIG with a one-line text in *why (through a) that starts with the
 * rule's origin; a conflict names both origins. */
enum ss_err ss_route_table_build(const struct ss_rule *rules, size_t n, struct ss_arena *a,
                                 struct ss_slice *why, struct ss_route_table **out);
/* The same rule by rule, for who can do without one: a table of at most max rules; each is added or refused,
 * with *why as above, and the table stays as it was. *tie is then the rule that matches the same requests and
 * was there first, or NULL: the new one is bad in itself. Nothing is added after finish, nothing is asked
 * before it but count and at. */
struct ss_route_table *ss_route_table_new(size_t max);
enum ss_err ss_route_table_add(struct ss_route_table *t, const struct ss_rule *rule, struct ss_arena *a,
                               struct ss_slice *why, const struct ss_rule **tie);
void ss_route_table_finish(struct ss_route_table *t);
void ss_route_table_free(struct ss_route_table *t);
size_t ss_route_table_count(const struct ss_route_table *t);
const struct ss_rule *ss_route_table_at(const struct ss_route_table *t, size_t i);
/* The first rule of that gRPC method, for calls that come without an HTTP path; NULL: it has none. */
const struct ss_rule *ss_route_table_of(const struct ss_route_table *t, const struct ss_method *method);

/* A rule compiled: opaque but for its rule. */
struct ss_route;
const struct ss_rule *ss_route_rule(const struct ss_route *r);
/* The body field: NULL for "*" and for no body. */
const struct ss_field *ss_route_body_field(const struct ss_route *r);
const struct ss_field *ss_route_response_field(const struct ss_route *r);

struct ss_route_match {
    const struct ss_route *route;
    struct ss_slice *values; /* one per variable of the template, decoded; in the arena */
    size_t n_values;
    struct ss_slice allow; /* with SS_ERR_METHOD, and for OPTIONS: "GET, HEAD, OPTIONS, POST" */
};

/* path is the request's, without its query, as received ("/v1/…"); borrowed, and values may point into it.
 * SS_OK; SS_ERR_NO_ROUTE; SS_ERR_METHOD (allow is set); SS_ERR_INVALID (malformed escape, %00 or bad UTF-8;
 * st says so); SS_ERR_TARGET_TOO_LONG (more than 256 segments); SS_ERR_HEADERS_TOO_LARGE (a is at its cap).
 * HEAD matches GET's rule where HEAD has none. OPTIONS without a rule is SS_ERR_METHOD with allow set: the
 * caller answers. */
enum ss_err ss_route_match(const struct ss_route_table *t, struct ss_slice http_method, struct ss_slice path,
                           struct ss_arena *a, struct ss_route_match *out, struct ss_status *st);

/* For a WebSocket, whose request is always a GET: the streaming method of that path, be it bound to GET,
 * which is preferred, or to any other HTTP method. As ss_route_match but for SS_ERR_METHOD; SS_ERR_NO_ROUTE
 * where the path has no stream. */
enum ss_err ss_route_match_stream(const struct ss_route_table *t, struct ss_slice path, struct ss_arena *a,
                                  struct ss_route_match *out, struct ss_status *st);

/* Appends the wire bytes that the path's variables and the query parameters bind: meant to stand behind the
 * body's bytes, where merging makes path win over body. query is the part behind '?', undecoded, may be
 * empty. System parameters (route/system.h) are the caller's and are skipped. key: random, for a table of map
 * keys. Failures fill st and leave out as it was: SS_ERR_INVALID with violations; SS_ERR_BODY_TOO_LARGE when
 * out or a is at its cap. */
enum ss_err ss_route_bind(const struct ss_route_match *m, struct ss_slice query,
                          const struct ss_hash_key *key, struct ss_arena *a, struct ss_buf *out,
                          struct ss_status *st);

/* reject_binding_body_field_collisions: whether a path variable's field is set in body, the wire bytes that a
 * request's body became, to something else than the path says. SS_ERR_INVALID with violations in st. Scalars
 * only: what the path binds. */
enum ss_err ss_route_check_collisions(const struct ss_route_match *m, struct ss_slice body,
                                      struct ss_arena *a, struct ss_status *st);

/* The request's update_mask, when a PATCH by r is to have it made up of its body: message, the request's wire
 * bytes with all that path and query bind, has none, in whatever form it could have been given. NULL: no. */
const struct ss_field *ss_route_missing_mask(const struct ss_route *r, struct ss_slice message);

/* Appends the wire bytes of an application/x-www-form-urlencoded body, whose parameters bind as a query's do:
 * to the request's fields with body "*", to those of the body field otherwise, which SS_ERR_MEDIA_TYPE
 * refuses when it is not one message. To stand in front of what ss_route_bind appends. */
enum ss_err ss_route_bind_form(const struct ss_route_match *m, struct ss_slice form,
                               const struct ss_hash_key *key, struct ss_arena *a, struct ss_buf *out,
                               struct ss_status *st);

/* The value of the first query parameter of that name, decoded into a; false when absent. For system
 * parameters. */
bool ss_query_get(struct ss_slice query, struct ss_slice name, struct ss_arena *a, struct ss_slice *value);

#endif
