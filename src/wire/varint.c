#include "wire/varint.h"

const char *ss_varint_get_long(const char *p, const char *end, uint64_t *v)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (p == end)
            return NULL;
        uint64_t byte = (unsigned char)*p++;
        value |= (byte & 0x7f) << (shift < 64 ? shift : 0);
        if (byte < 0x80) {
            *v = value;
            return p;
        }
    }
    return NULL;
}
