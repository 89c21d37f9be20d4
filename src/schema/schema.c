#include "schema/schema.h"

#include <stdlib.h>

#include "base/mem.h"
#include "schema/load.h"

/* Each arena may grow to a multiple of the bytes given, and to this much in all: several times what
 * googleapis as a whole needs, and far below what a hostile set could ask for. */
enum { MAX_ARENA = 512 << 20, BASE_ARENA = 16 << 20, ARENA_PER_BYTE = 128 };

static size_t arena_cap(const struct ss_descriptor_set *sets, size_t n)
{
    size_t room = (MAX_ARENA - BASE_ARENA) / ARENA_PER_BYTE, total = 0;
    for (size_t i = 0; i < n && total < room; i++)
        total += sets[i].bytes.len < room ? sets[i].bytes.len : room;
    return BASE_ARENA + ARENA_PER_BYTE * (total < room ? total : room);
}

#define COMPARE(function, type)                                                                              \
    static int function(const void *x, const void *y)                                                        \
    {                                                                                                        \
        return ss_slice_cmp((*(const type *const *)x)->full_name, (*(const type *const *)y)->full_name);     \
    }
COMPARE(by_message_name, struct ss_message)
COMPARE(by_enum_name, struct ss_enum)
COMPARE(by_service_name, struct ss_service)
COMPARE(by_method_name, struct ss_method)

static enum ss_err build_index(struct ss_load *l)
{
    struct ss_schema *s = l->schema;
    size_t k = 0, n = 0;
    s->n_enums = l->n_enums;
    s->messages_by_name = ss_load_keep(l, s->n_messages, sizeof(struct ss_message *));
    s->enums_by_name = ss_load_keep(l, s->n_enums, sizeof(struct ss_enum *));
    s->services_by_name = ss_load_keep(l, s->n_services, sizeof(struct ss_service *));
    s->methods_by_name = ss_load_keep(l, s->n_methods, sizeof(struct ss_method *));
    if (!s->messages_by_name || !s->enums_by_name || !s->services_by_name || !s->methods_by_name)
        return ss_load_too_large(l);
    for (size_t i = 0; i < s->n_messages; i++)
        s->messages_by_name[i] = &s->messages[i];
    for (const struct ss_enum_def *d = l->enums; d; d = d->next)
        s->enums_by_name[n++] = d->out;
    for (size_t i = 0; i < s->n_services; i++) {
        s->services_by_name[i] = &s->services[i];
        for (size_t j = 0; j < s->services[i].n_methods; j++)
            s->methods_by_name[k++] = &s->services[i].methods[j];
    }
    qsort(s->messages_by_name, s->n_messages, sizeof(struct ss_message *), by_message_name);
    qsort(s->enums_by_name, s->n_enums, sizeof(struct ss_enum *), by_enum_name);
    qsort(s->services_by_name, s->n_services, sizeof(struct ss_service *), by_service_name);
    qsort(s->methods_by_name, s->n_methods, sizeof(struct ss_method *), by_method_name);
    return SS_OK;
}

static enum ss_err build_file(struct ss_load *l, const struct ss_file *f)
{
    enum ss_err err = ss_load_open(l, f);
    if (err == SS_OK)
        err = ss_load_messages(l, f, f->scope, l->open->message_type, l->open->n_message_type);
    if (err == SS_OK)
        err = ss_load_services(l, f, f->scope);
    ss_load_close(l);
    return err;
}

static enum ss_err load(struct ss_load *l, const struct ss_descriptor_set *sets, size_t n)
{
    enum ss_err err = ss_load_read(l, sets, n);
    if (err == SS_OK)
        err = ss_load_files(l);
    if (err == SS_OK)
        err = ss_load_declare(l);
    if (err == SS_OK)
        err = ss_load_allocate_messages(l);
    if (err == SS_OK)
        err = ss_load_allocate_services(l);
    if (err == SS_OK)
        err = ss_load_extensions(l);
    for (size_t i = 0; i < l->n_files && err == SS_OK; i++)
        err = build_file(l, l->files[i]);
    return err == SS_OK ? build_index(l) : err;
}

enum ss_err ss_schema_load(const struct ss_descriptor_set *sets, size_t n, struct ss_arena *a,
                           struct ss_slice *why, struct ss_schema **out)
{
    struct ss_schema *s = ss_xcalloc(1, sizeof(*s));
    struct ss_load l = {.why_arena = a, .why = why, .schema = s};
    ss_arena_init(&s->arena, arena_cap(sets, n));
    ss_arena_init(&l.work, arena_cap(sets, n));
    ss_arena_init(&l.scratch, arena_cap(sets, n));
    enum ss_err err = load(&l, sets, n);
    ss_arena_dispose(&l.scratch);
    ss_arena_dispose(&l.work);
    if (err != SS_OK) {
        ss_schema_free(s);
        return err;
    }
    *out = s;
    return SS_OK;
}

void ss_schema_free(struct ss_schema *s)
{
    if (s == NULL)
        return;
    ss_arena_dispose(&s->arena);
    ss_free(s);
}

#define LOOKUP(function, type, by_name, count)                                                               \
    const type *function(const struct ss_schema *s, struct ss_slice full_name)                               \
    {                                                                                                        \
        size_t low = 0, high = s->count;                                                                     \
        while (low < high) {                                                                                 \
            size_t mid = low + (high - low) / 2;                                                             \
            int c = ss_slice_cmp(s->by_name[mid]->full_name, full_name);                                     \
            if (c == 0)                                                                                      \
                return s->by_name[mid];                                                                      \
            if (c < 0)                                                                                       \
                low = mid + 1;                                                                               \
            else                                                                                             \
                high = mid;                                                                                  \
        }                                                                                                    \
        return NULL;                                                                                         \
    }
LOOKUP(ss_schema_message, struct ss_message, messages_by_name, n_messages)
LOOKUP(ss_schema_enum, struct ss_enum, enums_by_name, n_enums)
LOOKUP(ss_schema_service, struct ss_service, services_by_name, n_services)
LOOKUP(ss_schema_method, struct ss_method, methods_by_name, n_methods)

size_t ss_schema_service_count(const struct ss_schema *s)
{
    return s->n_services;
}

const struct ss_service *ss_schema_service_at(const struct ss_schema *s, size_t i)
{
    return &s->services[i];
}

size_t ss_schema_message_count(const struct ss_schema *s)
{
    return s->n_messages;
}

const struct ss_message *ss_schema_message_at(const struct ss_schema *s, size_t i)
{
    return &s->messages[i];
}
