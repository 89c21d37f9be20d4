/* The opening handshake: what the client's headers say, and the key that proves they were read. */
#include "base/base64.h"
#include "http/chars.h"
#include "http/http1.h"
#include "http/sha1.h"
#include "http/websocket.h"

static const struct ss_slice GUID = SS_LIT("258EAFA5-E914-47DA-95CA-C5AB0DC85B11"); /* RFC 6455 §1.3 */

enum { KEY_TEXT = 24, KEY = 16 };

bool ss_websocket_wanted(struct ss_slice upgrade)
{
    struct ss_slice element;
    while (ss_http_token_next(&upgrade, &element))
        if (ss_slice_eq_ci(element, SS_LIT("websocket")))
            return true;
    return false;
}

/* The only header of that name; false when there are none or more. */
static bool only(const struct ss_header *headers, size_t n, struct ss_slice name, struct ss_slice *value)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++)
        if (ss_slice_eq(headers[i].name, name)) {
            *value = headers[i].value;
            found++;
        }
    return found == 1;
}

static bool accept_key(struct ss_slice key, char accept[SS_WEBSOCKET_ACCEPT])
{
    char bytes[KEY_TEXT / 4 * 3 + 3], text[KEY_TEXT + 36];
    size_t len = 0;
    if (key.len != KEY_TEXT || ss_base64_decode(bytes, &len, key) != SS_OK || len != KEY)
        return false;
    memcpy(text, key.ptr, KEY_TEXT);
    memcpy(text + KEY_TEXT, GUID.ptr, GUID.len);
    unsigned char hash[SS_SHA1_LEN];
    ss_sha1(ss_slice_of(text, sizeof text), hash);
    ss_base64_encode(accept, ss_slice_of((const char *)hash, sizeof hash), true);
    return true;
}

/* "bearer, TOKEN": browsers can set no other header. */
static enum ss_err read_protocols(const struct ss_header *headers, size_t n, struct ss_websocket_hello *out)
{
    bool bearer = false;
    for (size_t i = 0; i < n; i++) {
        if (!ss_slice_eq(headers[i].name, SS_LIT("sec-websocket-protocol")))
            continue;
        struct ss_slice list = headers[i].value, element;
        while (ss_http_token_next(&list, &element)) {
            if (!ss_http_name_valid(element)) /* a token */
                return SS_ERR_INVALID;
            if (bearer && out->bearer.len == 0)
                out->bearer = element;
            bearer = bearer || ss_slice_eq(element, SS_LIT("bearer"));
        }
    }
    if (out->bearer.len)
        out->protocol = SS_LIT("bearer");
    return SS_OK;
}

enum ss_err ss_websocket_hello(const struct ss_header *headers, size_t n, bool http2,
                               struct ss_websocket_hello *out)
{
    struct ss_slice version = {0}, key = {0};
    *out = (struct ss_websocket_hello){0};
    if (!only(headers, n, SS_LIT("sec-websocket-version"), &version) || !ss_slice_eq(version, SS_LIT("13")))
        return SS_ERR_UPGRADE_REQUIRED;
    if (!http2 && (!only(headers, n, SS_LIT("sec-websocket-key"), &key) || !accept_key(key, out->accept)))
        return SS_ERR_INVALID;
    return read_protocols(headers, n, out);
}
