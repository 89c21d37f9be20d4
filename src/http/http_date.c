/* IMF-fixdate (RFC 9110 §5.6.7) without strftime: no locale, no time zone, no lock. */
#include "http/http1.h"

enum { DAY = 86400 };

static const int64_t YEAR_9999_END = INT64_C(253402300799);

static void put2(char *p, unsigned v)
{
    p[0] = (char)('0' + v / 10 % 10);
    p[1] = (char)('0' + v % 10);
}

struct civil {
    unsigned year, month, day; /* month and day from 1 */
};

/* The proleptic Gregorian date of a day counted from 0000-03-01: years begin in March, so that the leap day
 * is the last of its year. An era is 400 years, 146097 days. */
static struct civil civil_of(unsigned days)
{
    unsigned era = days / 146097, doe = days % 146097;
    unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    unsigned mp = (5 * doy + 2) / 153;
    unsigned month = mp < 10 ? mp + 3 : mp - 9;
    return (struct civil){era * 400 + yoe + (month <= 2), month, doy - (153 * mp + 2) / 5 + 1};
}

static void print(char out[30], int64_t second)
{
    static const char DAYS[] = "ThuFriSatSunMonTueWed", MONTHS[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if (second < 0)
        second = 0;
    if (second > YEAR_9999_END)
        second = YEAR_9999_END;
    unsigned day = (unsigned)(second / DAY), left = (unsigned)(second % DAY);
    struct civil c = civil_of(day + 719468); /* days from 0000-03-01 to 1970-01-01 */
    memcpy(out, "Thu, 01 Jan 1970 00:00:00 GMT", 30);
    memcpy(out, DAYS + (size_t)(day % 7) * 3, 3);
    put2(out + 5, c.day);
    memcpy(out + 8, MONTHS + (size_t)(c.month - 1) * 3, 3);
    put2(out + 12, c.year / 100);
    put2(out + 14, c.year % 100);
    put2(out + 17, left / 3600);
    put2(out + 20, left / 60 % 60);
    put2(out + 23, left % 60);
}

struct ss_slice ss_http_date(struct ss_http_date *cache, int64_t unix_second)
{
    if (cache->second != unix_second || cache->text[0] == '\0') {
        print(cache->text, unix_second);
        cache->second = unix_second;
    }
    return ss_slice_of(cache->text, 29);
}
