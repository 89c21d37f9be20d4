/* The template parser on any bytes. What it accepts must keep the invariants that matching relies on. */
#include <stdint.h>
#include <stdlib.h>

#include "route/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check(const struct ss_template *t)
{
    size_t at = 0;
    require(t->n_segments <= SS_TEMPLATE_MAX_SEGMENTS); /* of "/" there are none */
    for (size_t i = 0; i < t->n_segments; i++) {
        const struct ss_template_segment *s = &t->segments[i];
        require((s->kind == SS_SEGMENT_LITERAL) == (s->text.len > 0));
        require((s->kind == SS_SEGMENT_MULTI) == (i == t->multi));
        require(i <= t->multi || s->kind == SS_SEGMENT_LITERAL);
    }
    for (size_t i = 0; i < t->n_variables; i++) {
        const struct ss_template_variable *v = &t->variables[i];
        require(v->field_path.len > 0 && v->count > 0 && v->first >= at);
        at = v->first + v->count;
        require(at <= t->n_segments);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ss_arena a;
    struct ss_template t;
    struct ss_template_error error;
    ss_arena_init(&a, 0);
    if (ss_template_parse(ss_slice_of((const char *)data, size), &a, &t, &error) == SS_OK)
        check(&t);
    else
        require(error.what && error.column >= 1 && error.column <= size + 1);
    ss_arena_dispose(&a);
    return 0;
}
