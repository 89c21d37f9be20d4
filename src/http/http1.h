/* HTTP/1.1 (RFC 9112), server side: a pure and strict codec. Whatever two parsers could read in two ways is
 * refused. */
#ifndef SS_HTTP_HTTP1_H
#define SS_HTTP_HTTP1_H

#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "http/header.h"

struct ss_http1_limits {
    size_t max_head_bytes; /* request line and header fields, all told */
    unsigned max_headers;
};

/* A request's head. Slices point into the parsed bytes. */
struct ss_http1_head {
    struct ss_slice method, target; /* as sent */
    struct ss_slice path, query;    /* of the target (origin-form, or absolute-form without scheme and
                                       authority); query without '?' */
    struct ss_slice host;           /* of absolute-form, else the Host field; may be empty only in HTTP/1.0 */
    int minor;                      /* HTTP/1.minor */
    const struct ss_header *headers;
    size_t n_headers;
    bool keep_alive; /* by version and Connection */
    bool chunked;
    bool has_length;
    bool expect_continue;
    bool te_trailers; /* TE: trailers */
    bool upgrade;     /* Connection: upgrade with an Upgrade field */
    uint64_t length;  /* Content-Length when has_length */
};

/* Parses the head at p[0..n). seen: bytes that an earlier call with the same p found incomplete (0 at first),
 * so that a head that drips in is not scanned from the start each time. headers: room for
 * limits->max_headers. Lower-cases field names in place. One empty line before the request line is skipped.
 * Returns the head's length in bytes, 0 when it is incomplete, or -(enum ss_err): SS_ERR_BAD_HTTP,
 * _HEADERS_TOO_LARGE, _NOT_IMPLEMENTED (a transfer coding other than chunked), _HTTP_VERSION, _EXPECTATION;
 * *why is then a static text. Refused: CL+TE, repeated or differing CL, TE, Host, missing Host, bare LF or
 * CR, obs-fold, space before colon, empty or non-token method, bad target bytes, control bytes in values,
 * signs or spaces in Content-Length, TE in HTTP/1.0, "chunked" not last or twice, … */
ssize_t ss_http1_parse_head(char *p, size_t n, size_t seen, const struct ss_http1_limits *limits,
                            struct ss_header *headers, struct ss_http1_head *out, const char **why);

/* Chunked decoding (RFC 9112 §7.1). Zero-initialised; a longer trailer section is SS_ERR_HEADERS_TOO_LARGE.
 * Extensions are skipped, capped at 1 KiB a chunk; sizes of at most 15 hex digits; CRLF only; trailers are
 * checked as header fields and dropped. */
struct ss_chunked {
    uint64_t left; /* bytes of the current chunk still to come */
    uint8_t state;
    uint8_t digits;
    bool done; /* the last chunk and the trailer section have been read */
    uint16_t skipped;
    uint32_t trailer_bytes;
    uint32_t max_trailer_bytes; /* 0: 64 KiB */
};
/* Takes bytes from p[0..n) up to the end of one run of data, which *data then views (empty when there is
 * none). Returns the bytes taken, or -(enum ss_err). Call again while bytes are left and not done. */
ssize_t ss_chunked_decode(struct ss_chunked *c, const char *p, size_t n, struct ss_slice *data,
                          const char **why);

/* Writing. Names and values must be clean: checked, SS_ERR_INTERNAL and nothing written when they are not. */
enum ss_err ss_http1_write_status(struct ss_buf *out, int status);
enum ss_err ss_http1_write_header(struct ss_buf *out, struct ss_slice name, struct ss_slice value);
enum ss_err ss_http1_write_length(struct ss_buf *out, uint64_t length);
/* "Date: …" from a cached second (unix time): no strftime per response. */
struct ss_http_date {
    int64_t second;
    char text[30]; /* IMF-fixdate, NUL-terminated */
};
struct ss_slice ss_http_date(struct ss_http_date *cache, int64_t unix_second);
/* One chunk; n must be above 0. */
enum ss_err ss_http1_write_chunk(struct ss_buf *out, const char *p, size_t n);
/* The last chunk, trailers (may be none), and the empty line. */
enum ss_err ss_http1_write_last_chunk(struct ss_buf *out, const struct ss_header *trailers, size_t n);
/* Reason phrase, static; "Unknown" for what is not registered. */
const char *ss_http_reason(int status);
/* RFC 9110 token; field value without control bytes (obs-text allowed), without leading or trailing space. */
bool ss_http_name_valid(struct ss_slice s);
bool ss_http_value_valid(struct ss_slice s);

#endif
