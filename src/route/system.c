#include "route/system.h"

static bool is_ignored(const struct ss_route_options *o, struct ss_slice name)
{
    for (size_t i = 0; i < o->n_ignored_query_parameters; i++)
        if (ss_slice_eq(o->ignored_query_parameters[i], name))
            return true;
    return false;
}

enum ss_system ss_system_of(const struct ss_rule *rule, struct ss_slice name)
{
    static const struct {
        struct ss_slice name;
        enum ss_system system;
    } names[] = {{{"alt", 3}, SS_SYSTEM_ALT},
                 {{"fields", 6}, SS_SYSTEM_FIELDS},
                 {{"prettyPrint", 11}, SS_SYSTEM_PRETTY_PRINT}};
    bool dollar = name.len && name.ptr[0] == '$';
    struct ss_slice bare = dollar ? ss_slice_skip(name, 1) : name;
    if (is_ignored(rule->options, name))
        return dollar ? SS_SYSTEM_IGNORED : SS_SYSTEM_NONE;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (ss_slice_eq(bare, names[i].name))
            return dollar || ss_message_field(rule->method->input, bare) == NULL ? names[i].system
                                                                                 : SS_SYSTEM_NONE;
    if (!dollar)
        return SS_SYSTEM_NONE;
    if (ss_slice_eq(bare, SS_LIT(".xgafv")))
        return SS_SYSTEM_IGNORED;
    return ss_slice_eq(bare, SS_LIT("callback")) ? SS_SYSTEM_CALLBACK : SS_SYSTEM_UNKNOWN;
}
