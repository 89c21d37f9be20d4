/* Chunked bodies, decoded in place: data is handed out as views, framing is read byte by byte.
 *
 *   SIZE ──";"─▶ EXTENSION ──CR─▶ SIZE_LF ──▶ DATA ──▶ DATA_CR ──▶ DATA_LF ──▶ SIZE
 *     │ └─space─▶ EXTENSION_SPACE ─";"┘ ▲ └──size 0──▶ TRAILER ──CR─▶ END_LF ──▶ done
 *     └──────────────────CR────────────┘                 │  ▲
 *                                     name ──":"─▶ value ─CR─▶ TRAILER_LF
 */
#include "http/chars.h"
#include "http/http1.h"

enum state {
    SIZE, /* 0: a zero-initialised decoder stands here */
    EXTENSION_SPACE,
    EXTENSION,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER, /* this and what follows are the trailer section */
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_LF,
    END_LF,
};

enum { MAX_DIGITS = 15, MAX_EXTENSION = 1024, MAX_TRAILER = 64 * 1024 };

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum ss_err refuse(const char **why, const char *text)
{
    *why = text;
    return SS_ERR_BAD_HTTP;
}

static enum ss_err size_byte(struct ss_chunked *c, char b, const char **why)
{
    int digit = hex_value(b);
    if (digit >= 0) {
        if (c->digits == MAX_DIGITS)
            return refuse(why, "chunk size too long");
        c->digits++;
        c->left = c->left << 4 | (unsigned)digit;
        return SS_OK;
    }
    if (c->digits == 0)
        return refuse(why, "bad chunk size");
    c->skipped = 0;
    if (b == '\r')
        c->state = SIZE_LF;
    else if (b == ';')
        c->state = EXTENSION;
    else if (ss_http_space(b)) /* BWS before ";", which RFC 9110 §5.6.3 makes us parse */
        c->state = EXTENSION_SPACE;
    else
        return refuse(why, "bad chunk size");
    return SS_OK;
}

static enum ss_err extension_byte(struct ss_chunked *c, char b, const char **why)
{
    if (b == '\r' && c->state == EXTENSION) {
        c->state = SIZE_LF;
        return SS_OK;
    }
    if (!ss_http_value_char(b))
        return refuse(why, "control character in chunk extension");
    if (c->state == EXTENSION_SPACE && b != ';' && !ss_http_space(b))
        return refuse(why, "bad chunk size");
    if (b == ';')
        c->state = EXTENSION;
    if (++c->skipped > MAX_EXTENSION)
        return refuse(why, "chunk extension too long");
    return SS_OK;
}

static enum ss_err trailer_byte(struct ss_chunked *c, char b, const char **why)
{
    if (c->state == TRAILER_VALUE) {
        if (b == '\r')
            c->state = TRAILER_LF;
        else if (!ss_http_value_char(b))
            return refuse(why, "control character in trailer");
    } else if (c->state == TRAILER && b == '\r') {
        c->state = END_LF;
    } else if (c->state == TRAILER_NAME && b == ':') {
        c->state = TRAILER_VALUE;
    } else if (ss_http_tchar(b)) {
        c->state = TRAILER_NAME;
    } else {
        return refuse(why, "bad trailer");
    }
    return SS_OK;
}

/* Where a CR or LF must stand. */
static enum ss_err line_end_byte(struct ss_chunked *c, char b, const char **why)
{
    if (b != (c->state == DATA_CR ? '\r' : '\n'))
        return refuse(why,
                      c->state == DATA_CR || c->state == DATA_LF ? "chunk longer than its size" : "bare CR");
    switch ((enum state)c->state) {
    case SIZE_LF:
        c->state = c->left ? DATA : TRAILER;
        break;
    case DATA_CR:
        c->state = DATA_LF;
        break;
    case DATA_LF:
        c->state = SIZE;
        c->digits = 0;
        break;
    case TRAILER_LF:
        c->state = TRAILER;
        break;
    case END_LF:
        c->done = true;
        break;
    case SIZE:
    case EXTENSION_SPACE:
    case EXTENSION:
    case DATA:
    case TRAILER:
    case TRAILER_NAME:
    case TRAILER_VALUE:
        break;
    }
    return SS_OK;
}

static enum ss_err framing_byte(struct ss_chunked *c, char b, const char **why)
{
    if (c->state >= TRAILER &&
        ++c->trailer_bytes > (c->max_trailer_bytes ? c->max_trailer_bytes : MAX_TRAILER)) {
        *why = "trailer section too large";
        return SS_ERR_HEADERS_TOO_LARGE;
    }
    switch ((enum state)c->state) {
    case SIZE:
        return size_byte(c, b, why);
    case EXTENSION_SPACE:
    case EXTENSION:
        return extension_byte(c, b, why);
    case TRAILER:
    case TRAILER_NAME:
    case TRAILER_VALUE:
        return trailer_byte(c, b, why);
    case SIZE_LF:
    case DATA_CR:
    case DATA_LF:
    case TRAILER_LF:
    case END_LF:
        return line_end_byte(c, b, why);
    case DATA:
        break;
    }
    return SS_ERR_INTERNAL;
}

ssize_t ss_chunked_decode(struct ss_chunked *c, const char *p, size_t n, struct ss_slice *data,
                          const char **why)
{
    size_t i = 0;
    *data = ss_slice_of(p, 0);
    while (i < n && !c->done && c->state != DATA) {
        enum ss_err err = framing_byte(c, p[i++], why);
        if (err != SS_OK)
            return -(ssize_t)err;
    }
    if (c->state == DATA && i < n) {
        size_t run = c->left < n - i ? (size_t)c->left : n - i;
        *data = ss_slice_of(p + i, run);
        i += run;
        c->left -= run;
        if (c->left == 0)
            c->state = DATA_CR;
    }
    return (ssize_t)i;
}
