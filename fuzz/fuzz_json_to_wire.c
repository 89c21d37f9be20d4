/* Any text is refused with a reason or becomes wire bytes that are valid for the type. */
#include "transcode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct fuzz *f = fuzz_get();
    const struct ss_message *m = fuzz_type(f, data[0]);
    struct ss_json_in in = {.ignore_unknown_fields = data[0] & 4, .lenient = data[0] & 8};
    struct ss_json_out out = {.emit_defaults = data[0] & 16, .pretty = data[0] & 32};
    const struct ss_field *body = data[0] & 64 ? &m->fields[(data[0] >> 2) % m->n_fields] : NULL;
    struct ss_slice text = ss_slice_of((const char *)data + 1, size - 1);
    struct ss_status st = {0};
    fuzz_reset(f);
    enum ss_err err = ss_json_to_wire(f->codec, f->schema, m, body, text, &in, &f->arena, &f->wire, &st);
    if (err) {
        assert(f->wire.len == 0 && st.code && st.message.len);
        assert(err == SS_ERR_INVALID || err == SS_ERR_BODY_TOO_LARGE);
        assert(err != SS_ERR_INVALID || st.violations);
        return 0;
    }
    /* Only the cap can stop it on the way back. */
    err =
        ss_wire_to_json(f->codec, f->schema, m, NULL, ss_buf_slice(&f->wire), &out, &f->arena, &f->json, &st);
    assert(err == SS_OK || err == SS_ERR_ANSWER_TOO_LARGE || err == SS_ERR_BAD_RESPONSE);
    return 0;
}
