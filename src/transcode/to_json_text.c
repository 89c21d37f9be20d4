/* Punctuation, keys and strings. */
#include "base/utf8.h"
#include "transcode/copy.h"
#include "transcode/to_json.h"
#include "json/writer.h"

bool ss_to_json_text(struct ss_to_json *w, const char *p, size_t n)
{
    enum ss_err err = ss_buf_append(w->out, p, n);
    return err ? ss_to_json_fail(w, err) : true;
}

bool ss_to_json_char(struct ss_to_json *w, char c)
{
    return ss_to_json_text(w, &c, 1);
}

bool ss_to_json_new_line(struct ss_to_json *w)
{
    size_t n = (size_t)w->indent * SS_JSON_INDENT;
    enum ss_err err = ss_buf_reserve(w->out, n + 1);
    if (err)
        return ss_to_json_fail(w, err);
    w->out->ptr[w->out->len++] = '\n';
    memset(w->out->ptr + w->out->len, ' ', n);
    w->out->len += n;
    return true;
}

bool ss_to_json_key(struct ss_to_json *w, const struct ss_field *f)
{
    struct ss_slice key = w->options.preserve_proto_field_names ? f->proto_key : f->json_key;
    if (w->options.pretty)
        return ss_to_json_next(w) && ss_to_json_text(w, key.ptr, key.len) && ss_to_json_text(w, " ", 1);
    struct ss_buf *out = w->out;
    if (out->cap - out->len <= key.len)
        return ss_to_json_next(w) && ss_to_json_text(w, key.ptr, key.len);
    if (out->ptr[out->len - 1] != '{')
        out->ptr[out->len++] = ',';
    ss_copy_small(out->ptr + out->len, key.ptr, key.len);
    out->len += key.len;
    return true;
}

/* s with each byte that is not UTF-8 made U+FFFD. */
static bool mended(struct ss_to_json *w, struct ss_slice s)
{
    struct ss_buf *text = &w->c->text;
    enum ss_err err = SS_OK;
    ss_buf_clear(text, SS_SCRATCH_KEEP);
    while (s.len && !err) {
        size_t n = ss_utf8_valid_len(s);
        err = ss_buf_append(text, s.ptr, n);
        s = ss_slice_skip(s, n);
        if (s.len && !err) {
            err = ss_buf_append(text, "\xef\xbf\xbd", 3);
            s = ss_slice_skip(s, 1);
        }
    }
    if (!err)
        err = ss_json_write_string(w->out, ss_buf_slice(text));
    return err ? ss_to_json_fail(w, err) : true;
}

bool ss_to_json_string(struct ss_to_json *w, struct ss_slice s, bool strict)
{
    enum ss_err err = ss_json_write_string(w->out, s.ptr ? s : SS_LIT(""));
    if (__builtin_expect(err == SS_OK, 1))
        return true;
    if (err != SS_ERR_INVALID)
        return ss_to_json_fail(w, err);
    return strict ? ss_to_json_bad(w, "a string that is not UTF-8") : mended(w, s);
}
