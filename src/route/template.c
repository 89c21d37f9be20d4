#include "route/template.h"

#include "base/percent.h"
#include "base/utf8.h"
#include "route/segment.h"

struct parser {
    struct ss_slice text;
    size_t at; /* first byte not read */
    struct ss_arena *a;
    struct ss_template *t;
    struct ss_template_error *error;
    bool in_variable, in_verb;
    size_t last_colon; /* offset of the newest ':' that stands in a literal, plus 1; 0: none */
    size_t last_segment_at;
};

static enum ss_err bad(struct parser *p, size_t at, const char *what)
{
    *p->error = (struct ss_template_error){.column = at + 1, .what = what};
    return SS_ERR_CONFIG;
}

/* The next byte; -1 at the end. */
static int peek(const struct parser *p)
{
    return p->at < p->text.len ? (unsigned char)p->text.ptr[p->at] : -1;
}

static bool take(struct parser *p, char c)
{
    if (peek(p) != (unsigned char)c)
        return false;
    p->at++;
    return true;
}

static bool is_ident(int c, bool first)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (!first && c >= '0' && c <= '9');
}

/* Reads a LITERAL up to what ends it; ':' is a part of it when colons says so. */
static enum ss_err parse_literal(struct parser *p, bool colons, struct ss_slice *out, uint32_t *hash)
{
    size_t start = p->at;
    for (;; p->at++) {
        int c = peek(p);
        if (c == -1 || c == '/' || c == '}' || (c == ':' && !colons))
            break;
        if (c == '*')
            return bad(p, p->at, "'*' must be a whole segment");
        if (c == '{')
            return bad(p, p->at, "a variable must be a whole segment");
        if (c == '?' || c == '#' || c == '[' || c == ']' ||
            (c < 0x80 && c != '%' && ss_segment_byte((unsigned char)c) == SS_SEGMENT_FOREIGN))
            return bad(p, p->at, "a character that a path cannot hold");
        if (c == ':')
            p->last_colon = p->at + 1;
    }
    struct ss_slice raw = ss_slice_of(p->text.ptr + start, p->at - start), decoded;
    if (raw.len == 0)
        return bad(p, start, p->in_verb ? "a verb is missing" : "a segment is missing");
    enum ss_err err = ss_percent_decode(raw, false, p->a, &decoded);
    if (err == SS_ERR_INVALID)
        return bad(p, start, "a bad percent escape");
    if (err == SS_OK)
        err = ss_segment_normalize(raw, p->a, out, hash);
    return err ? bad(p, start, "out of memory") : SS_OK;
}

static enum ss_err add_segment(struct parser *p, size_t at, struct ss_template_segment s)
{
    struct ss_template *t = p->t;
    if (t->n_segments == SS_TEMPLATE_MAX_SEGMENTS)
        return bad(p, at, "more than 128 segments");
    if (s.kind != SS_SEGMENT_LITERAL && t->multi < t->n_segments)
        return bad(p, at, "only literals may follow \"**\"");
    /* multi stays n_segments, "none", until the segment is found */
    bool none = t->multi == t->n_segments;
    t->segments[t->n_segments++] = s;
    if (none)
        t->multi = s.kind == SS_SEGMENT_MULTI ? t->n_segments - 1 : t->n_segments;
    p->last_segment_at = at;
    return SS_OK;
}

/* "*", "**" or LITERAL. Outside of a variable the last ':' of the template may begin the verb: parse_template
 * knows only at the end, so that literals there stop at a ':' that no '/' follows. */
static enum ss_err parse_plain_segment(struct parser *p)
{
    size_t at = p->at;
    struct ss_template_segment s = {.kind = SS_SEGMENT_LITERAL};
    if (take(p, '*')) {
        s.kind = take(p, '*') ? SS_SEGMENT_MULTI : SS_SEGMENT_STAR;
        int c = peek(p);
        if (c != -1 && c != '/' && c != ':' && c != '}')
            return bad(p, at, "'*' must be a whole segment");
    } else {
        bool more = p->in_variable || memchr(p->text.ptr + at, '/', p->text.len - at) != NULL;
        enum ss_err err = parse_literal(p, more, &s.text, &s.hash);
        if (err)
            return err;
    }
    return add_segment(p, at, s);
}

static enum ss_err parse_field_path(struct parser *p, struct ss_slice *out)
{
    size_t start = p->at;
    do {
        if (!is_ident(peek(p), true))
            return bad(p, p->at, "a field name is missing");
        while (is_ident(peek(p), false))
            p->at++;
    } while (take(p, '.'));
    *out = ss_slice_of(p->text.ptr + start, p->at - start);
    return SS_OK;
}

static enum ss_err parse_variable_segments(struct parser *p)
{
    do {
        if (peek(p) == '{')
            return bad(p, p->at, "a variable cannot hold a variable");
        enum ss_err err = parse_plain_segment(p);
        if (err)
            return err;
    } while (take(p, '/'));
    return SS_OK;
}

static enum ss_err parse_variable(struct parser *p)
{
    struct ss_template *t = p->t;
    size_t open = p->at++;
    struct ss_template_variable v = {.column = p->at + 1, .first = t->n_segments};
    enum ss_err err = parse_field_path(p, &v.field_path);
    if (err)
        return err;
    p->in_variable = true;
    if (take(p, '='))
        err = parse_variable_segments(p);
    else
        err = add_segment(p, open, (struct ss_template_segment){.kind = SS_SEGMENT_STAR});
    p->in_variable = false;
    if (err)
        return err;
    if (!take(p, '}'))
        return bad(p, p->at, peek(p) == -1 ? "'}' is missing" : "expected '}'");
    v.count = t->n_segments - v.first;
    v.multi = v.count > 1 || t->segments[v.first].kind == SS_SEGMENT_MULTI;
    t->variables[t->n_variables++] = v;
    return SS_OK;
}

static enum ss_err parse_segments(struct parser *p)
{
    do {
        int c = peek(p);
        if (c == -1)
            return bad(p, p->at, "a segment is missing");
        enum ss_err err = c == '{' ? parse_variable(p) : parse_plain_segment(p);
        if (err)
            return err;
    } while (take(p, '/'));
    return SS_OK;
}

static enum ss_err parse_end(struct parser *p)
{
    if (take(p, ':')) {
        p->in_verb = true;
        enum ss_err err = parse_literal(p, false, &p->t->verb, &p->t->verb_hash);
        if (err)
            return err;
    }
    if (peek(p) == ':')
        return bad(p, p->at, "a verb holds no ':'");
    if (peek(p) != -1)
        return bad(p, p->at, "expected '/', ':' or the end");
    if (p->last_colon > p->last_segment_at)
        return bad(p, p->last_colon - 1, "a ':' in the last segment begins the verb: write %3A");
    return SS_OK;
}

/* Upper bounds: a segment for each '/', a variable for each '{'. */
static void allocate(struct ss_template *t, struct ss_slice text, struct ss_arena *a)
{
    size_t slashes = 1, braces = 0;
    for (size_t i = 0; i < text.len; i++) {
        slashes += text.ptr[i] == '/';
        braces += text.ptr[i] == '{';
    }
    t->segments = ss_arena_zalloc(a, slashes * sizeof *t->segments);
    t->variables = ss_arena_zalloc(a, braces * sizeof *t->variables);
}

enum ss_err ss_template_parse(struct ss_slice text, struct ss_arena *a, struct ss_template *out,
                              struct ss_template_error *error)
{
    *out = (struct ss_template){0};
    struct parser p = {.text = text, .a = a, .t = out, .error = error};
    size_t valid = ss_utf8_valid_len(text);
    if (valid < text.len)
        return bad(&p, valid, "bad UTF-8");
    if (!take(&p, '/'))
        return bad(&p, 0, "a template begins with '/'");
    if (text.len ==
        1) /* no segment at all: the path "/", as http.proto's grammar forgot it and its readers do not */
        return SS_OK;
    allocate(out, text, a);
    enum ss_err err = parse_segments(&p);
    return err ? err : parse_end(&p);
}
