#include "http/grpc_timeout.h"

enum { TIMEOUT_DIGITS = 8, FRACTION_DIGITS = 12 };

static const int64_t SECOND = 1000, MINUTE = 60000, HOUR = 3600000;
static const int64_t TEN_YEARS = INT64_C(3650) * 86400 * 1000;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int64_t divide_up(int64_t v, int64_t by)
{
    return v / by + (v % by != 0);
}

enum ss_err ss_grpc_timeout_parse(struct ss_slice text, int64_t *ms)
{
    if (text.len < 2 || text.len > TIMEOUT_DIGITS + 1)
        return SS_ERR_INVALID;
    int64_t value = 0;
    for (size_t i = 0; i + 1 < text.len; i++) {
        if (!is_digit(text.ptr[i]))
            return SS_ERR_INVALID;
        value = value * 10 + (text.ptr[i] - '0');
    }
    switch (text.ptr[text.len - 1]) {
    case 'H':
        *ms = value * HOUR;
        return SS_OK;
    case 'M':
        *ms = value * MINUTE;
        return SS_OK;
    case 'S':
        *ms = value * SECOND;
        return SS_OK;
    case 'm':
        *ms = value;
        return SS_OK;
    case 'u':
        *ms = divide_up(value, 1000);
        return SS_OK;
    case 'n':
        *ms = divide_up(value, 1000000);
        return SS_OK;
    default:
        return SS_ERR_INVALID;
    }
}

unsigned ss_grpc_timeout_print(char out[SS_GRPC_TIMEOUT_MAX], int64_t ms)
{
    static const struct {
        int64_t ms;
        char name;
    } UNITS[] = {{1, 'm'}, {1000, 'S'}, {60000, 'M'}, {3600000, 'H'}};
    enum { MOST = 99999999, LAST = sizeof UNITS / sizeof UNITS[0] - 1 };
    unsigned unit = 0;
    int64_t value = ms > 0 ? ms : 0;
    while (value > MOST && unit < LAST) {
        unit++;
        value = divide_up(ms, UNITS[unit].ms);
    }
    if (value > MOST)
        value = MOST;
    char digits[TIMEOUT_DIGITS];
    unsigned n = 0, len = 0;
    do
        digits[n++] = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    while (n)
        out[len++] = digits[--n];
    out[len++] = UNITS[unit].name;
    out[len] = '\0';
    return len;
}

/* The milliseconds of a unit; 0 if it is none. */
static int64_t unit_of(struct ss_slice s, bool bare_seconds)
{
    if (ss_slice_eq(s, SS_LIT("s")) || (s.len == 0 && bare_seconds))
        return SECOND;
    if (ss_slice_eq(s, SS_LIT("ms")))
        return 1;
    if (ss_slice_eq(s, SS_LIT("m")))
        return MINUTE;
    return ss_slice_eq(s, SS_LIT("h")) ? HOUR : 0;
}

struct fraction {
    int64_t digits; /* the first of them */
    int64_t scale;  /* 10 to the number of digits */
    bool more;      /* what follows is not all zero */
};

/* The digits at s[*i..]; false when there are none. */
static bool read_fraction(struct ss_slice s, size_t *i, struct fraction *f)
{
    size_t start = *i;
    for (; *i < s.len && is_digit(s.ptr[*i]); ++*i) {
        if (*i - start < FRACTION_DIGITS) {
            f->digits = f->digits * 10 + (s.ptr[*i] - '0');
            f->scale *= 10;
        } else {
            f->more = f->more || s.ptr[*i] != '0';
        }
    }
    return *i > start;
}

enum ss_err ss_duration_parse(struct ss_slice text, bool bare_seconds, int64_t *ms)
{
    size_t i = 0;
    int64_t whole = 0;
    for (; i < text.len && is_digit(text.ptr[i]); i++) {
        whole = whole * 10 + (text.ptr[i] - '0');
        if (whole > TEN_YEARS)
            return SS_ERR_INVALID;
    }
    if (i == 0)
        return SS_ERR_INVALID;
    struct fraction f = {.scale = 1};
    if (i < text.len && text.ptr[i] == '.') {
        i++;
        if (!read_fraction(text, &i, &f))
            return SS_ERR_INVALID;
    }
    int64_t unit = unit_of(ss_slice_skip(text, i), bare_seconds);
    if (unit == 0 || whole > TEN_YEARS / unit)
        return SS_ERR_INVALID;
    int64_t part = f.digits * unit; /* below 10^12 * 3.6 * 10^6 */
    int64_t total = whole * unit + part / f.scale + (part % f.scale != 0 || f.more);
    if (total > TEN_YEARS)
        return SS_ERR_INVALID;
    *ms = total;
    return SS_OK;
}
