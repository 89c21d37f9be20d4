#include "json/explain.h"

/* The grammar as what may come next:
 *
 *   VALUE ──▶ NOTHING
 *   [ FIRST_ELEMENT ──▶ NEXT_ELEMENT ──,──▶ ELEMENT ──▶ NEXT_ELEMENT … ]
 *   { FIRST_KEY ──▶ COLON ──▶ MEMBER ──▶ NEXT_MEMBER ──,──▶ KEY ──▶ COLON … } */
enum expect {
    VALUE,
    FIRST_ELEMENT,
    ELEMENT,
    NEXT_ELEMENT,
    FIRST_KEY,
    KEY,
    COLON,
    MEMBER,
    NEXT_MEMBER,
    NOTHING
};

static const char *const expected[] = {
    [VALUE] = "a value",
    [FIRST_ELEMENT] = "a value or a closing bracket",
    [ELEMENT] = "a value",
    [NEXT_ELEMENT] = "a comma or a closing bracket",
    [FIRST_KEY] = "a key in double quotes or a closing brace",
    [KEY] = "a key in double quotes",
    [COLON] = "a colon",
    [MEMBER] = "a value",
    [NEXT_MEMBER] = "a comma or a closing brace",
    [NOTHING] = "nothing more",
};

struct walk {
    struct ss_json_lexer lexer;
    struct ss_json_fault *fault;
    enum expect expect;
    char *stack; /* the open brackets and braces */
    size_t depth, max_depth;
    size_t comma; /* where the last one was */
};

static struct ss_slice token_text(const struct walk *w)
{
    return ss_slice_of(w->lexer.text.ptr + w->lexer.begin, w->lexer.end - w->lexer.begin);
}

/* The first character of the token, when it is punctuation. */
static char punctuation(const struct walk *w, enum ss_json_token token)
{
    return token == SS_JSON_PUNCTUATION ? *token_text(w).ptr : '\0';
}

static bool value_expected(const struct walk *w)
{
    return w->expect == VALUE || w->expect == FIRST_ELEMENT || w->expect == ELEMENT || w->expect == MEMBER;
}

static void value_ended(struct walk *w)
{
    if (w->depth == 0)
        w->expect = NOTHING;
    else
        w->expect = w->stack[w->depth - 1] == '[' ? NEXT_ELEMENT : NEXT_MEMBER;
}

static bool fault_here(struct walk *w, const char *found)
{
    ss_json_fault_set(w->fault, w->lexer.begin, "expected %s, found %s", expected[w->expect], found);
    return false;
}

/* The token is not one that may come here. */
static bool misplaced(struct walk *w, enum ss_json_token token)
{
    char c = punctuation(w, token);
    struct ss_slice text = token_text(w);
    if (w->expect == NOTHING) {
        ss_json_fault_set(w->fault, w->lexer.begin, "text after the end of the document");
        return false;
    }
    if ((c == ']' && w->expect == ELEMENT) || (c == '}' && w->expect == KEY)) {
        ss_json_fault_set(w->fault, w->comma, "trailing comma before a closing %s",
                          c == ']' ? "bracket" : "brace");
        return false;
    }
    if (token == SS_JSON_STRING)
        return fault_here(w, "a string");
    if (token == SS_JSON_NUMBER)
        return fault_here(w, "a number");
    int shown = text.len > 32 ? 32 : (int)text.len;
    ss_json_fault_set(w->fault, w->lexer.begin, "expected %s, found '%.*s'", expected[w->expect], shown,
                      text.ptr);
    return false;
}

/* A word where a value is expected. */
static bool word(struct walk *w)
{
    static const struct {
        const char *text, *instead;
    } foreign[] = {{"True", "true"},
                   {"TRUE", "true"},
                   {"False", "false"},
                   {"FALSE", "false"},
                   {"None", "null"},
                   {"NULL", "null"},
                   {"Null", "null"},
                   {"nil", "null"},
                   {"undefined", "null"},
                   {"NaN", "\"NaN\""},
                   {"Infinity", "\"Infinity\""}};
    struct ss_slice text = token_text(w);
    if (ss_slice_eq(text, SS_LIT("null")) || ss_slice_eq(text, SS_LIT("true")) ||
        ss_slice_eq(text, SS_LIT("false"))) {
        value_ended(w);
        return true;
    }
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        if (ss_slice_eq(text, ss_slice_str(foreign[i].text))) {
            ss_json_fault_set(w->fault, w->lexer.begin, "%s is not JSON, write %s", foreign[i].text,
                              foreign[i].instead);
            return false;
        }
    }
    int shown = text.len > 32 ? 32 : (int)text.len;
    ss_json_fault_set(w->fault, w->lexer.begin, "unknown word '%.*s': strings must be in double quotes",
                      shown, text.ptr);
    return false;
}

static bool open(struct walk *w, char c)
{
    if (w->depth == w->max_depth) {
        ss_json_fault_set(w->fault, w->lexer.begin, "more than %zu nested objects and arrays", w->max_depth);
        return false;
    }
    w->stack[w->depth++] = c;
    w->expect = c == '[' ? FIRST_ELEMENT : FIRST_KEY;
    return true;
}

/* Takes one token; false when it is the first fault. */
static bool take(struct walk *w, enum ss_json_token token)
{
    char c = punctuation(w, token);
    if (value_expected(w)) {
        if (c == '{' || c == '[')
            return open(w, c);
        if (token == SS_JSON_WORD)
            return word(w);
        if (token == SS_JSON_STRING || token == SS_JSON_NUMBER) {
            value_ended(w);
            return true;
        }
    }
    if ((c == ']' && (w->expect == FIRST_ELEMENT || w->expect == NEXT_ELEMENT)) ||
        (c == '}' && (w->expect == FIRST_KEY || w->expect == NEXT_MEMBER))) {
        w->depth--;
        value_ended(w);
    } else if (token == SS_JSON_STRING && (w->expect == FIRST_KEY || w->expect == KEY)) {
        w->expect = COLON;
    } else if (c == ':' && w->expect == COLON) {
        w->expect = MEMBER;
    } else if (c == ',' && (w->expect == NEXT_ELEMENT || w->expect == NEXT_MEMBER)) {
        w->comma = w->lexer.begin;
        w->expect = w->expect == NEXT_ELEMENT ? ELEMENT : KEY;
    } else {
        return misplaced(w, token);
    }
    return true;
}

bool ss_json_explain(struct ss_slice text, unsigned max_depth, char *stack, struct ss_json_fault *fault)
{
    struct walk w = {.fault = fault, .expect = VALUE, .max_depth = max_depth};
    w.stack = stack;
    ss_json_lexer_init(&w.lexer, text);
    for (;;) {
        enum ss_json_token token = ss_json_lexer_next(&w.lexer, fault);
        if (token == SS_JSON_BAD)
            return true;
        if (token != SS_JSON_END) {
            if (!take(&w, token))
                return true;
            continue;
        }
        if (w.expect == NOTHING)
            return false;
        if (w.expect == VALUE)
            ss_json_fault_set(fault, text.len, "empty text, expected a JSON value");
        else
            ss_json_fault_set(fault, text.len, "unexpected end of text, expected %s", expected[w.expect]);
        return true;
    }
}

size_t ss_json_token_begin(struct ss_slice text, size_t end)
{
    struct ss_json_lexer l;
    struct ss_json_fault ignored;
    ss_json_lexer_init(&l, text);
    for (;;) {
        enum ss_json_token token = ss_json_lexer_next(&l, &ignored);
        if (token == SS_JSON_END || token == SS_JSON_BAD || l.end >= end)
            return l.begin;
    }
}
