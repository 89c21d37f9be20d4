/* The delimiter is CR LF "--" boundary, and CR stands nowhere in it but at its beginning: a candidate that
 * fails is followed by the next one, and never overlaps it. So what a push ends with is kept as a count of
 * matched bytes.
 *
 *   PREAMBLE ─delimiter─▶ BEHIND ─CR─▶ BEHIND_LF ─LF─▶ HEAD ─empty line─▶ BODY ─delimiter─▶ BEHIND
 *                           │ └─space─▶ PADDING ─CR┘     (event PART)       (events DATA, PART_END)
 *                           └─"-"─▶ DASH ─"-"─▶ LAST ─CR─▶ LAST_LF ─LF─▶ EPILOGUE
 *                                     (event END)  └─space─▶ LAST
 *
 * A first delimiter's CR LF is that of the body's beginning, and the CR LF of a head's empty line may be that
 * of the delimiter behind it (RFC 2046 §5.1.1: body-part): it is implied. */
#include "http/multipart.h"

#include "http/chars.h"
#include "http/multipart_head.h"

enum state {
    PREAMBLE,
    BEHIND,
    PADDING,
    BEHIND_LF,
    HEAD,
    BODY,
    DASH,
    LAST,
    LAST_LF,
    EPILOGUE,
};

enum { LINE_BREAK = 2 }; /* bytes that may be implied */

static enum ss_err refuse(struct ss_multipart *m, enum ss_err err, const char *why)
{
    m->why = why;
    return err;
}

static void look_for_delimiter(struct ss_multipart *m, enum state state)
{
    m->state = (uint8_t)state;
    m->matched = LINE_BREAK;
    m->implied = true;
}

enum ss_err ss_multipart_init(struct ss_multipart *m, struct ss_slice content_type,
                              const struct ss_multipart_limits *limits)
{
    struct ss_slice boundary;
    enum ss_err err = ss_multipart_boundary(content_type, &boundary);
    if (err != SS_OK)
        return err;
    *m = (struct ss_multipart){.limits = *limits, .delimiter_len = (uint8_t)(4 + boundary.len)};
    memcpy(m->delimiter, "\r\n--", 4);
    memcpy(m->delimiter + 4, boundary.ptr, boundary.len);
    ss_buf_init(&m->head, limits->max_head_bytes ? limits->max_head_bytes : 1);
    look_for_delimiter(m, PREAMBLE);
    return SS_OK;
}

void ss_multipart_dispose(struct ss_multipart *m)
{
    ss_buf_dispose(&m->head);
}

/* ---- up to a delimiter ---- */

struct span {
    struct ss_slice data; /* that is none of the delimiter */
    size_t used;
    bool delimiter; /* it is whole */
};

/* Goes on with a candidate that began before p. */
static struct span resume(struct ss_multipart *m, const char *p, size_t n)
{
    size_t i = 0, skip = m->implied ? LINE_BREAK : 0;
    while (i < n && m->matched < m->delimiter_len && p[i] == m->delimiter[m->matched]) {
        m->matched++;
        i++;
    }
    if (m->matched < m->delimiter_len && i == n)
        return (struct span){.used = n};
    struct span span = {.used = i, .delimiter = m->matched == m->delimiter_len};
    if (!span.delimiter)
        span.data = ss_slice_of(m->delimiter + skip, m->matched - skip);
    m->matched = 0;
    m->implied = false;
    return span;
}

/* Where in p a delimiter begins that the end of p cuts off; n when there is none. */
static size_t cut_delimiter(const struct ss_multipart *m, const char *p, size_t n)
{
    size_t tail = n < m->delimiter_len - 1u ? n : m->delimiter_len - 1u;
    const char *cr = memrchr(p + n - tail, '\r', tail);
    if (cr == NULL)
        return n;
    size_t at = (size_t)(cr - p);
    return memcmp(cr, m->delimiter, n - at) == 0 ? at : n;
}

static struct span scan(struct ss_multipart *m, const char *p, size_t n)
{
    if (m->matched)
        return resume(m, p, n);
    const char *found = memmem(p, n, m->delimiter, m->delimiter_len);
    if (found == p)
        return (struct span){.used = m->delimiter_len, .delimiter = true};
    size_t len = found ? (size_t)(found - p) : cut_delimiter(m, p, n);
    if (found == NULL)
        m->matched = (uint8_t)(n - len);
    return (struct span){.data = ss_slice_of(p, len), .used = found ? len : n};
}

static enum ss_err preamble(struct ss_multipart *m, const struct span *span)
{
    m->skipped += span->data.len;
    if (m->skipped > m->limits.max_head_bytes)
        return refuse(m, SS_ERR_BODY_TOO_LARGE, "too much before the first boundary");
    if (span->delimiter)
        m->state = BEHIND;
    return SS_OK;
}

static void body(struct ss_multipart *m, const struct span *span, struct ss_multipart_event *event)
{
    if (span->data.len) {
        event->kind = SS_MULTIPART_DATA;
        event->data = span->data;
    } else if (span->delimiter) {
        event->kind = SS_MULTIPART_PART_END;
        m->state = BEHIND;
    }
}

/* ---- the rest of a delimiter's line ---- */

static enum ss_err behind(struct ss_multipart *m, char c)
{
    if (c == '\r')
        m->state = BEHIND_LF;
    else if (ss_http_space(c))
        m->state = PADDING;
    else if (c == '-' && m->state == BEHIND)
        m->state = DASH;
    else
        return refuse(m, SS_ERR_INVALID, "text after a boundary");
    return SS_OK;
}

static enum ss_err line_break(struct ss_multipart *m, char c)
{
    if (c != '\n')
        return refuse(m, SS_ERR_INVALID, "text after a boundary");
    if (m->state == LAST_LF) {
        m->state = EPILOGUE;
        return SS_OK;
    }
    if (m->parts == m->limits.max_parts)
        return refuse(m, SS_ERR_BODY_TOO_LARGE, "too many parts");
    m->parts++;
    m->head.len = 0;
    m->state = HEAD;
    return SS_OK;
}

static enum ss_err line_byte(struct ss_multipart *m, char c, struct ss_multipart_event *event)
{
    switch ((enum state)m->state) {
    case BEHIND:
    case PADDING:
        return behind(m, c);
    case BEHIND_LF:
    case LAST_LF:
        return line_break(m, c);
    case DASH:
        if (c != '-')
            return refuse(m, SS_ERR_INVALID, "text after a boundary");
        m->state = LAST;
        event->kind = SS_MULTIPART_END;
        return SS_OK;
    case LAST:
        if (c == '\r')
            m->state = LAST_LF;
        else if (!ss_http_space(c))
            return refuse(m, SS_ERR_INVALID, "text after the last boundary");
        return SS_OK;
    case PREAMBLE:
    case HEAD:
    case BODY:
    case EPILOGUE:
        break;
    }
    return SS_ERR_INTERNAL;
}

/* ---- heads ---- */

/* Takes bytes of one line. */
static enum ss_err head(struct ss_multipart *m, const char *p, size_t n, size_t *used,
                        struct ss_multipart_event *event)
{
    const char *lf = memchr(p, '\n', n);
    *used = lf ? (size_t)(lf - p) + 1 : n;
    if (*used > m->limits.max_head_bytes - m->head.len)
        return refuse(m, SS_ERR_BODY_TOO_LARGE, "a part's head is too large");
    if (ss_buf_append(&m->head, p, *used) != SS_OK)
        return refuse(m, SS_ERR_MEMORY, "out of memory");
    if (lf == NULL)
        return SS_OK;
    const char *end = m->head.ptr + m->head.len;
    if (m->head.len < 2 || end[-2] != '\r')
        return refuse(m, SS_ERR_INVALID, "a line without CR in a part's head");
    if (m->head.len > 2 && (m->head.len < 4 || end[-3] != '\n'))
        return SS_OK;
    enum ss_err err = ss_multipart_head(m->head.ptr, m->head.len, &event->part, &m->why);
    if (err != SS_OK)
        return err;
    event->kind = SS_MULTIPART_PART;
    look_for_delimiter(m, BODY);
    return SS_OK;
}

static enum ss_err step(struct ss_multipart *m, const char *p, size_t n, size_t *used,
                        struct ss_multipart_event *event)
{
    if (m->state == HEAD)
        return head(m, p, n, used, event);
    if (m->state == EPILOGUE) {
        *used = n;
        return SS_OK;
    }
    if (m->state != PREAMBLE && m->state != BODY) {
        *used = 1;
        return line_byte(m, *p, event);
    }
    struct span span = scan(m, p, n);
    *used = span.used;
    if (m->state == PREAMBLE)
        return preamble(m, &span);
    body(m, &span, event);
    return SS_OK;
}

enum ss_err ss_multipart_push(struct ss_multipart *m, const char *p, size_t n, size_t *used,
                              struct ss_multipart_event *event)
{
    enum ss_err err = SS_OK;
    *used = 0;
    *event = (struct ss_multipart_event){.kind = SS_MULTIPART_NONE};
    while (err == SS_OK && event->kind == SS_MULTIPART_NONE && *used < n) {
        size_t took = 0;
        err = step(m, p + *used, n - *used, &took, event);
        *used += took;
    }
    return err;
}

enum ss_err ss_multipart_end(struct ss_multipart *m)
{
    if (m->state == LAST || m->state == EPILOGUE)
        return SS_OK;
    return refuse(m, SS_ERR_INVALID, "the body ends before its last boundary");
}
