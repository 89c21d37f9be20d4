#include "transcode/codec.h"

#include "base/mem.h"

struct ss_codec *ss_codec_new(void)
{
    struct ss_codec *c = ss_xcalloc(1, sizeof *c);
    c->reader = ss_json_reader_new();
    ss_key_set_init(&c->keys);
    ss_buf_init(&c->text, 1); /* each use says how much */
    return c;
}

void ss_codec_free(struct ss_codec *c)
{
    if (!c)
        return;
    ss_json_reader_free(c->reader);
    ss_key_set_dispose(&c->keys);
    ss_holes_dispose(&c->holes);
    ss_stack_dispose(&c->frames);
    ss_stack_dispose(&c->seen);
    ss_stack_dispose(&c->tape);
    ss_stack_dispose(&c->places);
    ss_stack_dispose(&c->slots);
    ss_stack_dispose(&c->bits);
    ss_buf_dispose(&c->text);
    ss_free(c);
}
