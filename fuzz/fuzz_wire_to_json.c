/* Any bytes are refused with a reason or become JSON. */
#include "transcode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct fuzz *f = fuzz_get();
    const struct ss_message *m = fuzz_type(f, data[0]);
    struct ss_json_out out = {.emit_defaults = data[0] & 4,
                              .preserve_proto_field_names = data[0] & 8,
                              .int64_as_number = data[0] & 8,
                              .enums_as_ints = data[0] & 16,
                              .pretty = data[0] & 32};
    const struct ss_field *field = data[0] & 64 ? &m->fields[(data[0] >> 2) % m->n_fields] : NULL;
    struct ss_slice wire = ss_slice_of((const char *)data + 1, size - 1);
    struct ss_status st = {0};
    fuzz_reset(f);
    enum ss_err err = ss_wire_to_json(f->codec, f->schema, m, field, wire, &out, &f->arena, &f->json, &st);
    if (err)
        assert(f->json.len == 0 && st.code && st.message.len);
    else
        assert(f->json.len > 0);
    st = (struct ss_status){.code = 2, .details = wire};
    f->json.len = 0;
    err =
        ss_status_to_json(f->codec, f->schema, &st, &(struct ss_json_out){.pretty = wire.len % 2}, &f->json);
    assert(err == SS_OK || err == SS_ERR_LIMIT);
    return 0;
}
