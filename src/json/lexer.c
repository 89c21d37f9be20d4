#include "json/lexer.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"

void ss_json_fault_set(struct ss_json_fault *f, size_t offset, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    f->offset = offset;
    vsnprintf(f->message, sizeof f->message, fmt, ap);
    va_end(ap);
}

void ss_json_lexer_init(struct ss_json_lexer *l, struct ss_slice text)
{
    *l = (struct ss_json_lexer){.text = text, .valid = ss_utf8_valid_len(text)};
}

/* The byte at i, or -1 behind the end. */
static int at(const struct ss_json_lexer *l, size_t i)
{
    return i < l->text.len ? (unsigned char)l->text.ptr[i] : -1;
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(int c)
{
    int lower = c | 0x20;
    return (lower >= 'a' && lower <= 'z') || c == '_' || c == '$';
}

static enum ss_json_token bad(struct ss_json_fault *f, size_t offset, const char *message)
{
    ss_json_fault_set(f, offset, "%s", message);
    return SS_JSON_BAD;
}

/* The UTF-16 unit written as hexadecimal digits at i; -1 when they are not four. */
static int hex4(const struct ss_json_lexer *l, size_t i)
{
    int v = 0;
    for (size_t end = i + 4; i < end; i++) {
        int c = at(l, i), lower = c | 0x20;
        if (is_digit(c))
            v = v * 16 + (c - '0');
        else if (lower >= 'a' && lower <= 'f')
            v = v * 16 + (lower - 'a' + 10);
        else
            return -1;
    }
    return v;
}

/* The length of the escape at i, 0 when it is bad. */
static size_t escape(const struct ss_json_lexer *l, size_t i, struct ss_json_fault *f)
{
    int c = at(l, i + 1);
    if (c > 0 && strchr("\"\\/bfnrt", c))
        return 2;
    if (c != 'u') {
        if (c > 0x20 && c < 0x7f)
            ss_json_fault_set(f, i, "invalid escape \\%c in a string", c);
        else
            ss_json_fault_set(f, i, "invalid escape in a string: a backslash must be written \\\\");
        return 0;
    }
    int unit = hex4(l, i + 2);
    if (unit < 0) {
        ss_json_fault_set(f, i, "invalid escape: \\u must be followed by four hexadecimal digits");
        return 0;
    }
    if ((unit & 0xf800) != 0xd800)
        return 6;
    int next = at(l, i + 6) == '\\' && at(l, i + 7) == 'u' ? hex4(l, i + 8) : -1;
    if (unit < 0xdc00 && next >= 0xdc00 && next <= 0xdfff)
        return 12;
    ss_json_fault_set(f, i, "unpaired surrogate \\u%04x", (unsigned)unit);
    return 0;
}

static enum ss_json_token string(struct ss_json_lexer *l, struct ss_json_fault *f)
{
    for (size_t i = l->begin + 1;;) {
        int c = at(l, i);
        if (i == l->valid && c >= 0)
            return bad(f, i, "invalid UTF-8");
        if (c < 0)
            return bad(f, l->begin, "unterminated string");
        if (c == '"') {
            l->end = i + 1;
            return SS_JSON_STRING;
        }
        if (c < 0x20) {
            ss_json_fault_set(f, i,
                              "control character U+%04X in a string must be written as an escape (\\u%04x)",
                              (unsigned)c, (unsigned)c);
            return SS_JSON_BAD;
        }
        size_t n = c == '\\' && i + 1 < l->text.len ? escape(l, i, f) : 1;
        if (n == 0)
            return SS_JSON_BAD;
        i += n;
    }
}

static enum ss_json_token number(struct ss_json_lexer *l, struct ss_json_fault *f)
{
    size_t i = l->begin + (at(l, l->begin) == '-');
    if (!is_digit(at(l, i)))
        return bad(f, l->begin, "invalid number: no digit after '-'");
    if (at(l, i) == '0' && is_digit(at(l, i + 1)))
        return bad(f, l->begin, "invalid number: leading zero");
    while (is_digit(at(l, i)))
        i++;
    if (at(l, i) == '.') {
        i++;
        if (!is_digit(at(l, i)))
            return bad(f, l->begin, "invalid number: no digit after the decimal point");
        while (is_digit(at(l, i)))
            i++;
    }
    if ((at(l, i) | 0x20) == 'e') {
        i++;
        i += at(l, i) == '-' || at(l, i) == '+';
        if (!is_digit(at(l, i)))
            return bad(f, l->begin, "invalid number: no digit in the exponent");
        while (is_digit(at(l, i)))
            i++;
    }
    l->end = i;
    return SS_JSON_NUMBER;
}

static enum ss_json_token unexpected(const struct ss_json_lexer *l, struct ss_json_fault *f, int c)
{
    size_t i = l->begin;
    if (i >= l->valid)
        return bad(f, i, "invalid UTF-8");
    if (c == '\'')
        return bad(f, i, "strings and keys must be in double quotes");
    if (c == '/' || c == '#')
        return bad(f, i, "comments are not allowed");
    if (c == '+' || c == '.')
        ss_json_fault_set(f, i, "a number may not begin with '%c'", c);
    else if (i == 0 && ss_slice_starts(l->text, SS_LIT("\xef\xbb\xbf")))
        ss_json_fault_set(f, i, "a byte order mark is not allowed");
    else if (c >= 0x80)
        ss_json_fault_set(f, i, "unexpected character outside of a string");
    else if (c < 0x20 || c == 0x7f)
        ss_json_fault_set(f, i, "unexpected control character U+%04X", (unsigned)c);
    else
        ss_json_fault_set(f, i, "unexpected character '%c'", c);
    return SS_JSON_BAD;
}

enum ss_json_token ss_json_lexer_next(struct ss_json_lexer *l, struct ss_json_fault *fault)
{
    size_t i = l->end;
    int c = at(l, i);
    while (c == ' ' || c == '\t' || c == '\n' || c == '\r')
        c = at(l, ++i);
    l->begin = i;
    l->end = i + 1;
    if (c < 0) {
        l->end = i;
        return SS_JSON_END;
    }
    if (c == '"')
        return string(l, fault);
    if (c == '-' || is_digit(c))
        return number(l, fault);
    if (c && strchr("{}[]:,", c))
        return SS_JSON_PUNCTUATION;
    if (!is_letter(c))
        return unexpected(l, fault, c);
    while (is_letter(at(l, l->end)) || is_digit(at(l, l->end)))
        l->end++;
    return SS_JSON_WORD;
}
