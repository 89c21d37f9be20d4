#include "transcode/wkt_time.h"

#include "wire/varint.h"

static const int64_t TIMESTAMP_MIN = INT64_C(-62135596800); /* 0001-01-01T00:00:00Z */
static const int64_t TIMESTAMP_MAX = INT64_C(253402300799); /* 9999-12-31T23:59:59Z */
static const int64_t DURATION_MAX = INT64_C(315576000000);  /* 10,000 years of 365.25 days and then some */
enum { NANOS_MAX = 999999999, DAY = 86400 };

/* Exactly n digits at the front of *s, taken off it. */
static bool take_digits(struct ss_slice *s, unsigned n, int64_t *v)
{
    if (s->len < n)
        return false;
    *v = 0;
    for (unsigned i = 0; i < n; i++) {
        if (s->ptr[i] < '0' || s->ptr[i] > '9')
            return false;
        *v = *v * 10 + (s->ptr[i] - '0');
    }
    *s = ss_slice_skip(*s, n);
    return true;
}

static bool take_char(struct ss_slice *s, char c)
{
    if (s->len == 0 || s->ptr[0] != c)
        return false;
    *s = ss_slice_skip(*s, 1);
    return true;
}

/* "" or ".1" to ".123456789". */
static bool take_fraction(struct ss_slice *s, int32_t *nanos)
{
    *nanos = 0;
    if (!take_char(s, '.'))
        return true;
    int64_t digit;
    int32_t unit = 100000000;
    if (!take_digits(s, 1, &digit))
        return false;
    do {
        if (unit == 0)
            return false;
        *nanos += (int32_t)digit * unit;
        unit /= 10;
    } while (take_digits(s, 1, &digit));
    return true;
}

/* Days from 1970-01-01 of a date in the proleptic Gregorian calendar: years counted from March, so that the
 * leap day is the last, in eras of 400 years. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = year / 400;
    int64_t yoe = year - era * 400;
    int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

static int64_t month_days(int64_t year, int64_t month)
{
    static const char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

static bool take_offset(struct ss_slice *s, int64_t *offset)
{
    *offset = 0;
    if (take_char(s, 'Z'))
        return true;
    int64_t hours, minutes;
    bool minus = take_char(s, '-');
    if (!minus && !take_char(s, '+'))
        return false;
    if (!take_digits(s, 2, &hours) || !take_char(s, ':') || !take_digits(s, 2, &minutes) || hours > 23 ||
        minutes > 59)
        return false;
    *offset = (hours * 60 + minutes) * (minus ? -60 : 60);
    return true;
}

bool ss_wkt_timestamp_parse(struct ss_slice s, struct ss_time *t)
{
    int64_t year, month, day, hour, minute, second, offset;
    if (!take_digits(&s, 4, &year) || !take_char(&s, '-') || !take_digits(&s, 2, &month) ||
        !take_char(&s, '-') || !take_digits(&s, 2, &day) || !take_char(&s, 'T') ||
        !take_digits(&s, 2, &hour) || !take_char(&s, ':') || !take_digits(&s, 2, &minute) ||
        !take_char(&s, ':') || !take_digits(&s, 2, &second) || !take_fraction(&s, &t->nanos) ||
        !take_offset(&s, &offset) || s.len)
        return false;
    if (year == 0 || month < 1 || month > 12 || day < 1 || day > month_days(year, month) || hour > 23 ||
        minute > 59 || second > 59)
        return false;
    t->seconds = days_of(year, month, day) * DAY + hour * 3600 + minute * 60 + second - offset;
    return t->seconds >= TIMESTAMP_MIN && t->seconds <= TIMESTAMP_MAX;
}

bool ss_wkt_duration_parse(struct ss_slice s, struct ss_time *t)
{
    bool minus = take_char(&s, '-');
    int64_t digit;
    t->seconds = 0;
    if (!take_digits(&s, 1, &digit))
        return false;
    do {
        t->seconds = t->seconds * 10 + digit;
        if (t->seconds > DURATION_MAX)
            return false;
    } while (take_digits(&s, 1, &digit));
    if (!take_fraction(&s, &t->nanos) || !take_char(&s, 's') || s.len)
        return false;
    if (minus) {
        t->seconds = -t->seconds;
        t->nanos = -t->nanos;
    }
    return true;
}

static char *put_digits(char *p, unsigned n, int64_t v)
{
    for (unsigned i = n; i-- > 0; v /= 10)
        p[i] = (char)('0' + v % 10);
    return p + n;
}

static char *put_fraction(char *p, int32_t nanos)
{
    if (nanos == 0)
        return p;
    *p++ = '.';
    if (nanos % 1000000 == 0)
        return put_digits(p, 3, nanos / 1000000);
    return nanos % 1000 == 0 ? put_digits(p, 6, nanos / 1000) : put_digits(p, 9, nanos);
}

unsigned ss_timestamp_print(struct ss_time t, char *out)
{
    if (t.seconds < TIMESTAMP_MIN || t.seconds > TIMESTAMP_MAX || t.nanos < 0 || t.nanos > NANOS_MAX)
        return 0;
    int64_t since = t.seconds - TIMESTAMP_MIN; /* not negative: from 0001-01-01 */
    int64_t clock = since % DAY;
    int64_t days = since / DAY + 306; /* from 0000-03-01 */
    int64_t era = days / 146097;
    int64_t doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t from_march = (5 * doy + 2) / 153;
    int64_t day = doy - (153 * from_march + 2) / 5 + 1;
    int64_t month = from_march < 10 ? from_march + 3 : from_march - 9;
    char *p = put_digits(out, 4, yoe + era * 400 + (month <= 2));
    *p++ = '-';
    p = put_digits(p, 2, month);
    *p++ = '-';
    p = put_digits(p, 2, day);
    *p++ = 'T';
    p = put_digits(p, 2, clock / 3600);
    *p++ = ':';
    p = put_digits(p, 2, clock / 60 % 60);
    *p++ = ':';
    p = put_digits(p, 2, clock % 60);
    p = put_fraction(p, t.nanos);
    *p++ = 'Z';
    return (unsigned)(p - out);
}

unsigned ss_duration_print(struct ss_time t, char *out)
{
    if (t.seconds < -DURATION_MAX || t.seconds > DURATION_MAX || t.nanos < -NANOS_MAX || t.nanos > NANOS_MAX)
        return 0;
    if ((t.seconds < 0 && t.nanos > 0) || (t.seconds > 0 && t.nanos < 0))
        return 0;
    char *p = out;
    if (t.seconds < 0 || t.nanos < 0) {
        *p++ = '-';
        t.seconds = -t.seconds;
        t.nanos = -t.nanos;
    }
    unsigned digits = 1;
    for (int64_t v = t.seconds; v >= 10; v /= 10)
        digits++;
    p = put_fraction(put_digits(p, digits, t.seconds), t.nanos);
    *p++ = 's';
    return (unsigned)(p - out);
}

unsigned ss_time_put(struct ss_time t, char *out)
{
    char *p = out;
    if (t.seconds) {
        *p++ = 0x08;
        p = ss_varint_put(p, (uint64_t)t.seconds);
    }
    if (t.nanos) {
        *p++ = 0x10;
        p = ss_varint_put(p, (uint64_t)(int64_t)t.nanos);
    }
    return (unsigned)(p - out);
}
