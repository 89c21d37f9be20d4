/* A text begins at its first byte that is no white space, and what that byte is says how it ends:
 *
 *   START ──'['─▶ ELEMENT_OR_END ─┬─"]"─────────────────────────▶ OVER (white space only)
 *     │                           │        ┌──","─▶ ELEMENT ─┐
 *     └──a value alone──▶ TEXT ◀──┴────────│─────────────────┘
 *                         │ ├──array──▶ COMMA ──"]"─▶ OVER
 *                  NEXT ◀─┴─┘ alone: another value may follow
 *
 * NDJSON begins in NEXT, where '[' begins a text like any other. That each stands on a line of its own is not
 * asked for, but a line's end is a text's: one that is broken is found at once, not with all that comes
 * after. TEXT is one of NESTED (depth counts brackets of both kinds: a pair that does not match is a text
 * that the reader refuses), STRING and ESCAPE (within NESTED, or a text by themselves), SCALAR (all up to
 * white space, a comma or a bracket that closes). */
#include "http/json_split.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum state { START, NEXT, ELEMENT_OR_END, ELEMENT, NESTED, STRING, ESCAPE, SCALAR, COMMA, OVER };

enum { KEEP = 0 }; /* nothing is held between texts: streams are many, and mostly idle */

void ss_json_split_init(struct ss_json_split *s, enum ss_json_split_form form, size_t max)
{
    *s = (struct ss_json_split){.max = max,
                                .lines = form == SS_JSON_SPLIT_LINES,
                                .state = form == SS_JSON_SPLIT_LINES ? NEXT : START};
    ss_buf_init(&s->text, max ? max : 1);
}

void ss_json_split_dispose(struct ss_json_split *s)
{
    ss_buf_dispose(&s->text);
}

static enum ss_err refuse(struct ss_json_split *s, enum ss_err err, const char *why)
{
    s->why = why;
    return err;
}

static bool space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool ends_scalar(char c)
{
    return space(c) || c == ',' || c == ']' || c == '}';
}

#ifdef __SSE2__
static inline __m128i is(__m128i v, char c)
{
    return _mm_cmpeq_epi8(v, _mm_set1_epi8(c));
}

/* Whether one of the 16 bytes at p means something: in a string '"' and '\', else '"' and brackets. '[' and
 * '{', and ']' and '}', differ in one bit. */
static inline bool any_of_16(const char *p, bool string)
{
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i hit = is(v, '"');
    if (string) {
        hit = _mm_or_si128(hit, is(v, '\\'));
    } else {
        __m128i folded = _mm_or_si128(v, _mm_set1_epi8(0x20));
        hit = _mm_or_si128(hit, _mm_or_si128(is(folded, '{'), is(folded, '}')));
    }
    return _mm_movemask_epi8(hit) != 0;
}

static const char *skip_blocks(const char *p, const char *end, bool string)
{
    while (end - p >= 16 && !any_of_16(p, string))
        p += 16;
    return p;
}
#else
static const char *skip_blocks(const char *p, const char *end, bool string)
{
    (void)end, (void)string;
    return p;
}
#endif

static const char *scan_string(struct ss_json_split *s, const char *p, const char *end)
{
    p = skip_blocks(p, end, true);
    for (; p < end; p++) {
        if (*p == '\\') {
            s->state = ESCAPE;
            return p + 1;
        }
        if (*p == '"') {
            s->state = s->depth ? NESTED : COMMA;
            return p + 1;
        }
    }
    return p;
}

static const char *scan_nested(struct ss_json_split *s, const char *p, const char *end)
{
    p = skip_blocks(p, end, false);
    for (; p < end; p++) {
        switch (*p) {
        case '"':
            s->state = STRING;
            return p + 1;
        case '{':
        case '[':
            s->depth++;
            break;
        case '}':
        case ']':
            if (--s->depth == 0) {
                s->state = COMMA;
                return p + 1;
            }
            break;
        default:
            break;
        }
    }
    return p;
}

static bool in_text(const struct ss_json_split *s)
{
    return s->state == NESTED || s->state == STRING || s->state == ESCAPE || s->state == SCALAR;
}

/* Goes on within a text from p; returns where it ends, or end. */
static const char *scan_text(struct ss_json_split *s, const char *p, const char *end)
{
    while (p < end && in_text(s)) {
        if (s->state == NESTED) {
            p = scan_nested(s, p, end);
        } else if (s->state == STRING) {
            p = scan_string(s, p, end);
        } else if (s->state == ESCAPE) {
            s->state = STRING;
            p++;
        } else if (ends_scalar(*p)) {
            s->state = COMMA;
        } else {
            p++;
        }
    }
    return p;
}

/* The first byte of a text. */
static void begin_text(struct ss_json_split *s, char c)
{
    bool nested = c == '{' || c == '[';
    s->depth = nested;
    s->state = nested ? NESTED : c == '"' ? STRING : SCALAR;
}

/* A byte between texts that is no white space. *taken: it is not the beginning of one. */
static enum ss_err between(struct ss_json_split *s, char c, bool *taken)
{
    *taken = true;
    switch ((enum state)s->state) {
    case START:
        if (c == '[') {
            s->array = true;
            s->state = ELEMENT_OR_END;
            return SS_OK;
        }
        break;
    case ELEMENT_OR_END:
        if (c == ']') {
            s->state = OVER;
            return SS_OK;
        }
        break;
    case ELEMENT:
        if (c == ']')
            return refuse(s, SS_ERR_INVALID, "a comma before the array's end");
        break;
    case COMMA:
        if (c != ',' && c != ']')
            return refuse(s, SS_ERR_INVALID, "no comma between the array's elements");
        s->state = c == ',' ? ELEMENT : OVER;
        return SS_OK;
    case OVER:
        return refuse(s, SS_ERR_INVALID,
                      "more text after the array; messages are the elements of one array, or JSON texts that "
                      "follow one another");
    case NEXT:
        break;
    case NESTED:
    case STRING:
    case ESCAPE:
    case SCALAR:
        return SS_ERR_INTERNAL;
    }
    if (c == ',')
        return refuse(s, SS_ERR_INVALID, "a comma where an element belongs");
    if (c == ']' || c == '}')
        return refuse(s, SS_ERR_INVALID, "a closing bracket without its opening one");
    *taken = false;
    return SS_OK;
}

/* n more bytes belong to the text. */
static enum ss_err check_size(struct ss_json_split *s, size_t n)
{
    bool fits = n <= s->max && s->text.len <= s->max - n;
    return fits ? SS_OK : refuse(s, SS_ERR_BODY_TOO_LARGE, "a message is too large");
}

static enum ss_err collect(struct ss_json_split *s, const char *p, size_t n)
{
    enum ss_err err = check_size(s, n);
    if (err == SS_OK && ss_buf_append(&s->text, p, n) != SS_OK)
        err = refuse(s, SS_ERR_MEMORY, "out of memory");
    return err;
}

/* The text ends with p[0..n): gives it out, as a view when that is all of it. */
static enum ss_err give(struct ss_json_split *s, const char *p, size_t n, struct ss_slice *text)
{
    enum ss_err err = SS_OK;
    *text = ss_slice_of(p, n);
    if (s->text.len) {
        err = n ? collect(s, p, n) : SS_OK;
        *text = ss_buf_slice(&s->text);
    } else {
        err = check_size(s, n);
    }
    s->given = true;
    s->texts++;
    return err;
}

/* What the last call gave out is no longer needed. */
static void forget(struct ss_json_split *s)
{
    if (!s->given)
        return;
    s->given = false;
    if (s->text.ptr != NULL)
        ss_buf_clear(&s->text, KEEP);
}

static const char *skip_space(const char *p, const char *end)
{
    while (p < end && space(*p))
        p++;
    return p;
}

/* *at goes to the beginning of the next text, or to end. */
static enum ss_err find_text(struct ss_json_split *s, const char **at, const char *end)
{
    while ((*at = skip_space(*at, end)) < end) {
        bool taken;
        enum ss_err err = between(s, **at, &taken);
        if (err != SS_OK)
            return err;
        if (!taken) {
            begin_text(s, *(*at)++);
            return SS_OK;
        }
        ++*at;
    }
    return SS_OK;
}

static enum ss_err push_value(struct ss_json_split *s, const char *p, const char *end, const char **at,
                              bool *have, struct ss_slice *text)
{
    const char *from = p;
    if (!in_text(s)) {
        enum ss_err err = find_text(s, &p, end);
        if (err != SS_OK || !in_text(s)) {
            *at = p;
            return err;
        }
        from = p - 1;
    }
    const char *scanned = p;
    p = scan_text(s, p, end);
    const char *lf = s->lines && p > scanned ? memchr(scanned, '\n', (size_t)(p - scanned)) : NULL;
    if (lf) {
        p = lf;
        s->state = NEXT;
    }
    *at = p;
    size_t n = (size_t)(p - from);
    if (in_text(s))
        return n ? collect(s, from, n) : SS_OK;
    if (!s->array)
        s->state = NEXT;
    *have = true;
    return give(s, from, n, text);
}

enum ss_err ss_json_split_push(struct ss_json_split *s, const char *p, size_t n, size_t *used, bool *have,
                               struct ss_slice *text)
{
    *used = 0;
    *have = false;
    forget(s);
    if (n == 0)
        return SS_OK;
    const char *at = p;
    enum ss_err err = push_value(s, p, p + n, &at, have, text);
    *have = *have && err == SS_OK;
    *used = (size_t)(at - p);
    return err;
}

enum ss_err ss_json_split_end(struct ss_json_split *s, bool *have, struct ss_slice *text)
{
    *have = false;
    forget(s);
    if (s->state == SCALAR && !s->array) {
        s->state = NEXT;
        *have = true;
        return give(s, NULL, 0, text);
    }
    if (s->state == START || s->state == NEXT || s->state == OVER)
        return SS_OK;
    return refuse(s, SS_ERR_INVALID, "the JSON ends too early");
}
