/* One list of owned names serves both directions: what frames a message, what belongs to one hop, what gRPC
 * or this sidecar writes itself. It is asked for each header of each request, hence the switch on the first
 * byte. */
#include "http/metadata.h"

#include "base/base64.h"
#include "http/chars.h"
#include "http/http1.h"

static bool is(struct ss_slice name, struct ss_slice what)
{
    return ss_slice_eq(name, what);
}

static bool owned_x(struct ss_slice name)
{
    if (ss_slice_starts(name, SS_LIT("x-request-"))) {
        struct ss_slice rest = ss_slice_skip(name, 10);
        return is(rest, SS_LIT("id")) || is(rest, SS_LIT("timeout"));
    }
    if (!ss_slice_starts(name, SS_LIT("x-forwarded-")))
        return false;
    struct ss_slice rest = ss_slice_skip(name, 12);
    return is(rest, SS_LIT("for")) || is(rest, SS_LIT("proto")) || is(rest, SS_LIT("host")) ||
           is(rest, SS_LIT("user-agent"));
}

/* Whether HTTP, gRPC or sidespan itself writes that (lower-case, not empty) name. */
static bool owned(struct ss_slice name)
{
    switch (name.ptr[0]) {
    case ':':
        return true;
    case 'a':
        return is(name, SS_LIT("accept")) || is(name, SS_LIT("accept-encoding")) ||
               is(name, SS_LIT("accept-charset"));
    case 'c':
        return ss_slice_starts(name, SS_LIT("content-")) || is(name, SS_LIT("connection"));
    case 'e':
        return is(name, SS_LIT("expect"));
    case 'g':
        return ss_slice_starts(name, SS_LIT("grpc-"));
    case 'h':
        return is(name, SS_LIT("host")) || is(name, SS_LIT("http2-settings"));
    case 'k':
        return is(name, SS_LIT("keep-alive"));
    case 'p':
        return ss_slice_starts(name, SS_LIT("proxy-"));
    case 's':
        return ss_slice_starts(name, SS_LIT("sec-websocket-"));
    case 't':
        return is(name, SS_LIT("te")) || is(name, SS_LIT("trailer")) || is(name, SS_LIT("transfer-encoding"));
    case 'u':
        return is(name, SS_LIT("upgrade")) || is(name, SS_LIT("user-agent"));
    case 'x':
        return owned_x(name);
    default:
        return false;
    }
}

/* PROTOCOL-HTTP2.md: Header-Name is 1*( %x30-39 / %x61-7A / "_" / "-" / "." ). */
static bool metadata_name(struct ss_slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.'))
            return false;
    }
    return name.len > 0;
}

/* ASCII-Value: 0x20..0x7E. */
static bool metadata_value(struct ss_slice value)
{
    const char *p = value.ptr, *end = p + value.len;
    while (value.len && (p = ss_http_visible_end(p, end)) < end) {
        if (*p != ' ')
            return false;
        p++;
    }
    return true;
}

static bool is_binary(struct ss_slice name)
{
    return name.len >= 4 && memcmp(name.ptr + name.len - 4, "-bin", 4) == 0;
}

/* Rewrites one element of a binary value at out; returns its length, or -1. scratch has room for what it
 * decodes to. */
static ssize_t normalize(char *out, char *scratch, struct ss_slice element)
{
    size_t n;
    if (ss_base64_decode(scratch, &n, element) != SS_OK)
        return -1;
    return (ssize_t)ss_base64_encode(out, ss_slice_of(scratch, n), false);
}

/* A binary value may be several, joined by commas: each is brought to unpadded standard base64. */
static bool binary_value(struct ss_slice value, struct ss_arena *a, struct ss_slice *out)
{
    char *text = ss_arena_try(a, value.len + 1), *scratch = ss_arena_try(a, ss_base64_decoded_max(value.len));
    if (text == NULL || scratch == NULL)
        return false;
    size_t len = 0;
    struct ss_slice element;
    while (ss_http_token_next(&value, &element)) {
        if (len)
            text[len++] = ',';
        ssize_t n = normalize(text + len, scratch, element);
        if (n < 0)
            return false;
        len += (size_t)n;
    }
    *out = ss_slice_of(text, len);
    return true;
}

enum ss_forward ss_metadata_from_header(const struct ss_header *h, struct ss_arena *a, struct ss_header *out)
{
    const struct ss_slice prefix = SS_LIT("grpc-metadata-");
    struct ss_slice name = h->name, value = ss_http_trim(h->value);
    enum ss_forward way = SS_FORWARD_AS_IS;
    if (ss_slice_starts(name, prefix)) {
        name = ss_slice_skip(name, prefix.len);
        way = SS_FORWARD_RENAMED;
    }
    if (name.len == 0 || owned(name))
        return SS_FORWARD_DROP;
    if (!metadata_name(name))
        return SS_FORWARD_UNFIT;
    if (is_binary(name) && !binary_value(value, a, &value))
        return SS_FORWARD_BAD_BASE64;
    if (!metadata_value(value))
        return SS_FORWARD_UNFIT;
    *out = *h;
    out->name = name;
    out->value = value;
    return way;
}

bool ss_header_from_metadata(const struct ss_header *m)
{
    if (!metadata_name(m->name) || owned(m->name) || !ss_http_value_valid(m->value))
        return false;
    return !is(m->name, SS_LIT("date")) && !is(m->name, SS_LIT("server"));
}

/* Of what a body is, and of what may be asked of it: all but its framing and the type that
 * google.api.HttpBody has a field for. */
static bool describes_body(struct ss_slice name)
{
    if (ss_slice_starts(name, SS_LIT("accept-")))
        return !is(name, SS_LIT("accept-encoding")) && !is(name, SS_LIT("accept-language")) &&
               !is(name, SS_LIT("accept-charset"));
    return ss_slice_starts(name, SS_LIT("content-")) && !is(name, SS_LIT("content-type")) &&
           !is(name, SS_LIT("content-length"));
}

bool ss_body_header_from_metadata(const struct ss_header *m)
{
    if (!metadata_name(m->name) || !describes_body(m->name))
        return ss_header_from_metadata(m);
    return ss_http_value_valid(m->value);
}

bool ss_trailer_from_metadata(const struct ss_header *m)
{
    return ss_header_from_metadata(m); /* grpc-status and its companions are owned */
}
