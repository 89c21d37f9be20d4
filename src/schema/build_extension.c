/* Extension ranges, and which message each extension goes to. */
#include <stdlib.h>

#include "schema/load.h"

/* Exclusive, as ranges write their end; field numbers have 29 bits, but in the old MessageSet 31. */
static int64_t number_end(const struct ss_message_def *def)
{
    return def->message_set ? INT32_MAX : 536870912;
}

static int by_start(const void *x, const void *y)
{
    const struct ss_number_range *a = x, *b = y;
    return (a->start > b->start) - (a->start < b->start);
}

enum ss_err ss_load_ranges(struct ss_load *l, struct ss_message_def *def)
{
    size_t n = def->n_ranges = def->proto->n_extension_range;
    if (n == 0)
        return SS_OK;
    def->ranges = ss_load_work(l, n, sizeof *def->ranges);
    if (def->ranges == NULL)
        return ss_load_too_large(l);
    for (size_t i = 0; i < n; i++) {
        const Google__Protobuf__DescriptorProto__ExtensionRange *r = def->proto->extension_range[i];
        if (!r->has_start || !r->has_end || r->start < 1 || r->end <= r->start || r->end > number_end(def))
            return ss_load_fail(l, def->file, def->symbol, "extension range %d to %d is not valid", r->start,
                                r->end - (r->end > INT32_MIN));
        def->ranges[i] = (struct ss_number_range){r->start, r->end};
    }
    qsort(def->ranges, n, sizeof *def->ranges, by_start);
    for (size_t i = 1; i < n; i++)
        if (def->ranges[i].start < def->ranges[i - 1].end)
            return ss_load_fail(l, def->file, def->symbol, "extension ranges overlap at %d",
                                def->ranges[i].start);
    return SS_OK;
}

bool ss_load_in_extension_range(const struct ss_message_def *def, int32_t number)
{
    size_t low = 0, high = def->n_ranges;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (number < def->ranges[mid].start)
            high = mid;
        else if (number >= def->ranges[mid].end)
            low = mid + 1;
        else
            return true;
    }
    return false;
}

static enum ss_err attach(struct ss_load *l, struct ss_extension_def *e)
{
    struct ss_slice extendee = ss_slice_str(e->proto->extendee);
    const struct ss_symbol *s = ss_symbols_resolve(&l->symbols, e->symbol->parent, extendee);
    int shown = (int)(extendee.len < 256 ? extendee.len : 256);
    if (s == NULL || s->kind != SS_SYMBOL_MESSAGE)
        return ss_load_fail(l, e->file, e->symbol, "extends %.*s, which is not a message that is defined",
                            shown, extendee.len ? extendee.ptr : "");
    struct ss_message_def *def = s->def;
    if (!ss_load_in_extension_range(def, e->proto->number))
        return ss_load_fail(l, e->file, e->symbol, "%.*s has no extension range with %d", shown, extendee.ptr,
                            e->proto->number);
    *def->extensions_tail = e;
    def->extensions_tail = &e->sibling;
    def->n_extensions++;
    return SS_OK;
}

enum ss_err ss_load_extensions(struct ss_load *l)
{
    enum ss_err err = SS_OK;
    for (struct ss_extension_def *e = l->extensions; e && err == SS_OK; e = e->next)
        err = attach(l, e);
    return err;
}
