/* A strict JSON (RFC 8259) reader: yajl's SAX tokenizer with what it lets through taken out: bad UTF-8,
 * unpaired surrogates, comments, trailing text, more than max_depth nested values, numbers out of the
 * grammar.
 *
 * Events are pushed into a sink. A sink function that returns false ends the reading; the sink remembers why.
 * Slices given to the sink are valid during the call only. */
#ifndef SS_JSON_READER_H
#define SS_JSON_READER_H

#include "base/err.h"
#include "base/slice.h"

struct ss_json_sink {
    bool (*null)(void *ctx);
    bool (*boolean)(void *ctx, bool value);
    bool (*number)(void *ctx, struct ss_slice text); /* as written, grammar checked */
    bool (*string)(void *ctx, struct ss_slice utf8); /* unescaped; may hold NUL bytes */
    bool (*start_object)(void *ctx);
    bool (*key)(void *ctx, struct ss_slice utf8);
    bool (*end_object)(void *ctx);
    bool (*start_array)(void *ctx);
    bool (*end_array)(void *ctx);
};

struct ss_json_reader;

struct ss_json_position {
    size_t offset;         /* bytes from the start */
    unsigned line, column; /* from 1; column counts bytes */
};

/* One reader serves any number of documents, one after another, without malloc once warm. */
struct ss_json_reader *ss_json_reader_new(void);
void ss_json_reader_free(struct ss_json_reader *r);

struct ss_json_options {
    unsigned max_depth;     /* nested objects and arrays, the outermost counted */
    bool bare_python_bools; /* lenient: True and False are read as true and false */
};

/* Reads one whole document. text is borrowed for the call. SS_OK when it was read to its end; SS_ERR_INVALID
 * when it is not JSON: ss_json_reader_error says what and ss_json_reader_position where. SS_ERR_CANCELLED
 * when the sink stopped it: the position is then that of the token that the sink was given. */
enum ss_err ss_json_read(struct ss_json_reader *r, struct ss_slice text,
                         const struct ss_json_options *options, const struct ss_json_sink *sink, void *ctx);
/* What was wrong: a short English sentence, valid until the next read. */
const char *ss_json_reader_error(const struct ss_json_reader *r);
/* Where reading stopped: the first byte of the offending token, or inside of a string that of the bad byte or
 * escape itself. A text that ends too early is wrong at its end, a trailing comma where it stands. Computed
 * on demand from the text of the last read, which must still be there. */
struct ss_json_position ss_json_reader_position(const struct ss_json_reader *r);

#endif
