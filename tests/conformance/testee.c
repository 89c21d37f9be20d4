/* A testee of protobuf's conformance suite: takes requests on standard input and answers them on standard
 * output, each with its length before it in four bytes, little-endian, until the input ends.
 *
 *     testee        CONFORMANCE_DESCRIPTORS names the FileDescriptorSet with the suite's messages
 *
 * It calls what serves traffic: ss_json_to_wire and ss_wire_to_json, over a schema loaded from a descriptor
 * set. It knows no test by name; what it skips is by kind, and README.md has the list. */
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "protocol.h"
#include "transcode/transcode.h"
#include "wire_form.h"

enum { PAYLOAD_MAX = 1 << 28 };

struct testee {
    struct ss_schema *schema;
    struct ss_codec *codec;
    struct ss_arena arena; /* of one request */
    struct ss_buf request, response;
    struct ss_buf wire, json;
    struct ss_status status;
};

static const struct ss_json_out AS_SERVED = {.emit_defaults = false};

static enum ss_err answer(struct testee *t, enum result result, struct ss_slice bytes)
{
    return response_write(&t->response, result, bytes);
}

static enum ss_err json_to_wire(struct testee *t, const struct ss_message *m, struct ss_slice json,
                                bool ignore_unknown)
{
    struct ss_json_in in = {.ignore_unknown_fields = ignore_unknown};
    return ss_json_to_wire(t->codec, t->schema, m, NULL, json, &in, &t->arena, &t->wire, &t->status);
}

static enum ss_err wire_to_json(struct testee *t, const struct ss_message *m, struct ss_slice wire)
{
    return ss_wire_to_json(t->codec, t->schema, m, NULL, wire, &AS_SERVED, &t->arena, &t->json, &t->status);
}

static enum ss_err from_json(struct testee *t, const struct ss_message *m, const struct request *r)
{
    if (json_to_wire(t, m, r->payload, r->ignore_unknown))
        return answer(t, RESULT_PARSE_ERROR, t->status.message);
    if (r->output == FORMAT_PROTOBUF)
        return answer(t, RESULT_PROTOBUF, ss_buf_slice(&t->wire));
    if (wire_to_json(t, m, ss_buf_slice(&t->wire)))
        return answer(t, RESULT_SERIALIZE_ERROR, t->status.message);
    return answer(t, RESULT_JSON, ss_buf_slice(&t->json));
}

/* Bytes to bytes go through JSON: sidespan has no other way to write a message. */
static enum ss_err from_wire(struct testee *t, const struct ss_message *m, const struct request *r)
{
    enum wire_form form = wire_form_of(m, r->payload);
    if (wire_to_json(t, m, r->payload)) {
        if (form == WIRE_MALFORMED)
            return answer(t, RESULT_PARSE_ERROR, t->status.message);
        if (r->output == FORMAT_PROTOBUF)
            return answer(t, RESULT_SKIPPED, SS_LIT("binary to binary: the message has no JSON form"));
        return answer(t, RESULT_SERIALIZE_ERROR, t->status.message);
    }
    if (r->output == FORMAT_JSON)
        return answer(t, RESULT_JSON, ss_buf_slice(&t->json));
    if (form == WIRE_UNKNOWN)
        return answer(t, RESULT_SKIPPED, SS_LIT("binary to binary: JSON does not carry unknown fields"));
    if (json_to_wire(t, m, ss_buf_slice(&t->json), false))
        return answer(t, RESULT_RUNTIME_ERROR, t->status.message);
    return answer(t, RESULT_PROTOBUF, ss_buf_slice(&t->wire));
}

static enum ss_err respond(struct testee *t, struct ss_slice bytes)
{
    struct request r;
    if (!request_read(bytes, &r))
        return answer(t, RESULT_RUNTIME_ERROR, SS_LIT("not a conformance.ConformanceRequest"));
    if (r.input == FORMAT_TEXT || r.output == FORMAT_TEXT)
        return answer(t, RESULT_SKIPPED, SS_LIT("text format"));
    if (r.input == FORMAT_JSPB || r.output == FORMAT_JSPB)
        return answer(t, RESULT_SKIPPED, SS_LIT("JSPB"));
    if (r.input == FORMAT_NONE || r.output == FORMAT_NONE)
        return answer(t, RESULT_RUNTIME_ERROR, SS_LIT("no payload, or no format to put out"));
    const struct ss_message *m = ss_schema_message(t->schema, r.message_type);
    if (!m)
        return answer(t, RESULT_RUNTIME_ERROR, SS_LIT("the message type is not in the descriptor set"));
    return r.input == FORMAT_JSON ? from_json(t, m, &r) : from_wire(t, m, &r);
}

/* One request; false at the end of the input. */
static bool serve(struct testee *t)
{
    uint32_t len;
    if (fread(&len, sizeof len, 1, stdin) != 1)
        return false;
    len = le32toh(len);
    t->request.len = t->response.len = t->wire.len = t->json.len = 0;
    ss_arena_reset(&t->arena);
    t->status = (struct ss_status){.code = 0};
    if (ss_buf_reserve(&t->request, len) || fread(t->request.ptr, 1, len, stdin) != len) {
        fprintf(stderr, "testee: a request is cut off\n");
        exit(1);
    }
    t->request.len = len;
    if (respond(t, ss_buf_slice(&t->request))) {
        fprintf(stderr, "testee: out of memory\n");
        exit(1);
    }
    len = htole32((uint32_t)t->response.len);
    return fwrite(&len, sizeof len, 1, stdout) == 1 &&
           fwrite(t->response.ptr, 1, t->response.len, stdout) == t->response.len && fflush(stdout) == 0;
}

static bool read_file(const char *path, struct ss_buf *out)
{
    FILE *f = fopen(path, "rb");
    size_t n = 0;
    while (f && !ss_buf_reserve(out, 65536) && (n = fread(out->ptr + out->len, 1, 65536, f)) > 0)
        out->len += n;
    bool ok = f && !ferror(f);
    if (f)
        fclose(f);
    return ok;
}

static bool load(struct testee *t)
{
    const char *path = getenv("CONFORMANCE_DESCRIPTORS");
    struct ss_buf bytes;
    ss_buf_init(&bytes, PAYLOAD_MAX);
    bool ok = false;
    if (!path || !read_file(path, &bytes)) {
        fprintf(stderr, "testee: CONFORMANCE_DESCRIPTORS must name a FileDescriptorSet\n");
    } else {
        struct ss_descriptor_set set = {.bytes = ss_buf_slice(&bytes), .origin = ss_slice_str(path)};
        struct ss_slice why = {NULL, 0};
        ok = !ss_schema_load(&set, 1, &t->arena, &why, &t->schema);
        if (!ok)
            fprintf(stderr, "testee: %.*s\n", SS_FMT(why));
    }
    ss_buf_dispose(&bytes);
    return ok;
}

int main(void)
{
    struct testee t = {.schema = NULL};
    ss_arena_init(&t.arena, 0);
    if (!load(&t)) {
        ss_arena_dispose(&t.arena);
        return 1;
    }
    t.codec = ss_codec_new();
    struct ss_buf *buffers[] = {&t.request, &t.response, &t.wire, &t.json};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        ss_buf_init(buffers[i], PAYLOAD_MAX);
    while (serve(&t))
        continue;
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        ss_buf_dispose(buffers[i]);
    ss_codec_free(t.codec);
    ss_schema_free(t.schema);
    ss_arena_dispose(&t.arena);
    return 0;
}
