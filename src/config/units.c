#include "config/units.h"

static size_t digits(struct ss_slice s)
{
    size_t n = 0;
    while (n < s.len && s.ptr[n] >= '0' && s.ptr[n] <= '9')
        n++;
    return n;
}

bool ss_uint_parse(struct ss_slice text, uint64_t *value)
{
    if (text.len == 0 || digits(text) != text.len)
        return false;
    uint64_t v = 0;
    for (size_t i = 0; i < text.len; i++)
        if (__builtin_mul_overflow(v, 10u, &v) ||
            __builtin_add_overflow(v, (uint64_t)(text.ptr[i] - '0'), &v))
            return false;
    *value = v;
    return true;
}

bool ss_size_parse(struct ss_slice text, uint64_t *bytes)
{
    static const struct {
        const char *suffix;
        uint64_t factor;
    } units[] = {
        {"", 1},
        {"B", 1},
        {"KiB", 1024},
        {"MiB", 1024 * 1024},
        {"GiB", 1024 * 1024 * 1024},
        {"kB", 1000},
        {"KB", 1000},
        {"MB", 1000 * 1000},
        {"GB", 1000 * 1000 * 1000},
    };
    size_t n = digits(text);
    uint64_t v;
    if (!ss_uint_parse(ss_slice_of(text.ptr, n), &v))
        return false;
    struct ss_slice suffix = ss_slice_skip(text, n);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (ss_slice_eq(suffix, ss_slice_str(units[i].suffix)))
            return !__builtin_mul_overflow(v, units[i].factor, bytes);
    return false;
}
