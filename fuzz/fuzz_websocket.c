/* A client's frames give the same events and answers whole and in two pieces split anywhere; and what is said
 * about texts, codes and reasons holds. */
#include <assert.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "http/websocket.h"

enum { MAX_INPUT = 512, MAX_MESSAGE = 128, MAX_OUT = 1 << 14 };

struct result {
    enum ss_err err;
    size_t len;
    char log[1 << 14];
    struct ss_buf out;
};

static void note(struct result *r, const struct ss_websocket_event *e)
{
    assert(e->kind != SS_WEBSOCKET_TEXT || ss_utf8_valid(e->bytes));
    assert(e->bytes.len <= MAX_MESSAGE);
    assert(e->kind != SS_WEBSOCKET_CLOSE || (e->code >= 1000 && e->code < 5000 && ss_utf8_valid(e->bytes)));
    assert(r->len + e->bytes.len + 4 < sizeof r->log);
    r->log[r->len++] = (char)e->kind;
    r->log[r->len++] = (char)e->code;
    r->log[r->len++] = (char)e->bytes.len;
    if (e->bytes.len)
        memcpy(r->log + r->len, e->bytes.ptr, e->bytes.len);
    r->len += e->bytes.len;
}

static void feed(struct ss_websocket *ws, struct result *r, const uint8_t *p, size_t n)
{
    char *block = malloc(n ? n : 1);
    if (block == NULL)
        abort();
    if (n)
        memcpy(block, p, n);
    struct ss_websocket_event event = {.kind = SS_WEBSOCKET_PING};
    for (size_t at = 0, used; r->err == SS_OK && event.kind != SS_WEBSOCKET_NONE; at += used) {
        r->err = ss_websocket_push(ws, block + at, n - at, &used, &event, &r->out);
        assert(used <= n - at && (r->err != SS_OK || event.kind != SS_WEBSOCKET_NONE || used == n - at));
        if (r->err == SS_OK && event.kind != SS_WEBSOCKET_NONE)
            note(r, &event);
    }
    free(block);
}

static void run(struct result *r, const uint8_t *p, size_t n, size_t at)
{
    struct ss_websocket *ws = ss_websocket_new(MAX_MESSAGE);
    r->err = SS_OK;
    r->len = r->out.len = 0;
    if (n && p[n - 1] == 0xff) { /* some of them while we close */
        enum ss_err err = ss_websocket_close(ws, 1001, SS_LIT("bye"), &r->out);
        assert(err == SS_OK);
    }
    feed(ws, r, p, at);
    feed(ws, r, p + at, n - at);
    ss_websocket_free(ws);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > MAX_INPUT)
        return 0;
    static struct result whole, pieces;
    ss_buf_init(&whole.out, MAX_OUT);
    ss_buf_init(&pieces.out, MAX_OUT);
    run(&whole, data, size, size);
    assert(whole.err == SS_OK);
    for (size_t k = 0; k < size; k++) {
        run(&pieces, data, size, k);
        assert(pieces.err == SS_OK && pieces.len == whole.len && pieces.out.len == whole.out.len);
        assert(memcmp(pieces.log, whole.log, whole.len) == 0);
        assert(whole.out.len == 0 || memcmp(pieces.out.ptr, whole.out.ptr, whole.out.len) == 0);
    }
    ss_buf_dispose(&whole.out);
    ss_buf_dispose(&pieces.out);
    return 0;
}
