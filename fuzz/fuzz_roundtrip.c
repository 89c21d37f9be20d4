/* JSON made of any bytes is read back, and printed the same a second time: what is printed is valid JSON of
 * the type, and nothing is lost on the way. */
#include "transcode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct fuzz *f = fuzz_get();
    const struct ss_message *m = fuzz_type(f, data[0]);
    struct ss_json_in in = {.max_depth = 1000}; /* arrays between messages count on the way in only */
    struct ss_json_out out = {.emit_defaults = data[0] & 4,
                              .preserve_proto_field_names = data[0] & 8,
                              .int64_as_number = data[0] & 16,
                              .enums_as_ints = data[0] & 32,
                              .pretty = data[0] & 64};
    struct ss_status st = {0};
    struct ss_slice wire = ss_slice_of((const char *)data + 1, size - 1);
    fuzz_reset(f);
    if (ss_wire_to_json(f->codec, f->schema, m, NULL, wire, &out, &f->arena, &f->json, &st))
        return 0;
    if (ss_json_to_wire(f->codec, f->schema, m, NULL, ss_buf_slice(&f->json), &in, &f->arena, &f->wire,
                        &st)) {
        assert(st.err == SS_ERR_BODY_TOO_LARGE);
        return 0;
    }
    enum ss_err err = ss_wire_to_json(f->codec, f->schema, m, NULL, ss_buf_slice(&f->wire), &out, &f->arena,
                                      &f->again, &st);
    assert(err == SS_OK);
    assert(ss_slice_eq(ss_buf_slice(&f->json), ss_buf_slice(&f->again)));
    return 0;
}
