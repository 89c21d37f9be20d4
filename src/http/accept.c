/* What a client accepts. A malformed element is passed over, as if it were not there. */
#include "http/chars.h"
#include "http/media.h"
#include "http/media_range.h"

static enum ss_accept stream_type(const struct ss_media_range *r)
{
    if (ss_slice_eq_ci(r->type, SS_LIT("text"))) {
        if (ss_slice_eq_ci(r->subtype, SS_LIT("event-stream")))
            return SS_ACCEPT_SSE;
        return ss_slice_eq_ci(r->subtype, SS_LIT("json")) ? SS_ACCEPT_JSON : SS_ACCEPT_ANY;
    }
    if (!ss_slice_eq_ci(r->type, SS_LIT("application")))
        return SS_ACCEPT_ANY;
    if (ss_slice_eq_ci(r->subtype, SS_LIT("json")))
        return SS_ACCEPT_JSON;
    return ss_media_ndjson_subtype(r->subtype) ? SS_ACCEPT_NDJSON : SS_ACCEPT_ANY;
}

enum ss_accept ss_accept_of(struct ss_slice accept)
{
    enum ss_accept best = SS_ACCEPT_ANY;
    int best_weight = 0;
    struct ss_slice element;
    while (ss_http_list_next(&accept, &element)) {
        struct ss_media_range range;
        if (!ss_media_range_parse(element, &range))
            continue;
        enum ss_accept type = stream_type(&range);
        if (type == SS_ACCEPT_ANY)
            continue;
        int weight = ss_media_weight(range.params);
        if (weight > best_weight) {
            best = type;
            best_weight = weight;
        }
    }
    return best;
}

bool ss_accepts_gzip(struct ss_slice accept_encoding)
{
    int gzip = -1, any = -1; /* weights; -1: not named */
    struct ss_slice element;
    while (ss_http_list_next(&accept_encoding, &element)) {
        const char *semicolon = memchr(element.ptr, ';', element.len);
        size_t n = semicolon ? (size_t)(semicolon - element.ptr) : element.len;
        struct ss_slice coding = ss_http_trim(ss_slice_of(element.ptr, n));
        int weight = ss_media_weight(ss_slice_skip(element, n));
        if (ss_slice_eq_ci(coding, SS_LIT("gzip")) || ss_slice_eq_ci(coding, SS_LIT("x-gzip")))
            gzip = weight > gzip ? weight : gzip;
        else if (ss_slice_eq(coding, SS_LIT("*")))
            any = weight > any ? weight : any;
    }
    return gzip >= 0 ? gzip > 0 : any > 0;
}
