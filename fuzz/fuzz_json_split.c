/* A body is cut into the same texts, or ends in the same refusal, whole and in two pieces split anywhere. The
 * first byte chooses the form and the limit. */
#include <assert.h>
#include <stdlib.h>

#include "http/json_split.h"

enum { MAX_INPUT = 1024 };

struct result {
    enum ss_err err;
    size_t len;
    char texts[2 * MAX_INPUT + 2];
};

static void take(struct result *r, struct ss_slice text)
{
    assert(text.len > 0 && r->len + text.len < sizeof r->texts);
    memcpy(r->texts + r->len, text.ptr, text.len);
    r->len += text.len;
    r->texts[r->len++] = '\0';
}

static void feed(struct ss_json_split *s, struct result *r, const uint8_t *p, size_t n)
{
    char *block = malloc(n ? n : 1);
    if (block == NULL)
        abort();
    if (n)
        memcpy(block, p, n);
    bool have = true;
    for (size_t at = 0, used; r->err == SS_OK && (have || at < n); at += used) {
        struct ss_slice text;
        r->err = ss_json_split_push(s, block + at, n - at, &used, &have, &text);
        assert(used <= n - at && (r->err != SS_OK || have || used == n - at));
        if (r->err == SS_OK && have)
            take(r, text);
    }
    free(block);
}

static void split(struct result *r, uint8_t choice, const uint8_t *p, size_t n, size_t at)
{
    struct ss_json_split s;
    enum ss_json_split_form form = choice & 1 ? SS_JSON_SPLIT_LINES : SS_JSON_SPLIT_VALUE;
    ss_json_split_init(&s, form, choice & 2 ? (size_t)(choice >> 2) : MAX_INPUT);
    r->err = SS_OK;
    r->len = 0;
    feed(&s, r, p, at);
    if (r->err == SS_OK)
        feed(&s, r, p + at, n - at);
    bool have = false;
    struct ss_slice text;
    if (r->err == SS_OK)
        r->err = ss_json_split_end(&s, &have, &text);
    if (r->err == SS_OK && have)
        take(r, text);
    assert((r->err == SS_OK) == (s.why == NULL));
    ss_json_split_dispose(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > MAX_INPUT)
        return 0;
    static struct result whole, pieces;
    split(&whole, data[0], data + 1, size - 1, size - 1);
    for (size_t k = 0; k + 1 < size; k++) {
        split(&pieces, data[0], data + 1, size - 1, k);
        assert(pieces.err == whole.err && pieces.len == whole.len);
        assert(memcmp(pieces.texts, whole.texts, whole.len) == 0);
    }
    return 0;
}
