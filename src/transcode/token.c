#include "transcode/token.h"

enum { SHOWN_MAX = 64 };

struct ss_slice ss_text_cut(struct ss_slice s, bool *cut)
{
    *cut = s.len > SHOWN_MAX;
    if (*cut) {
        s.len = SHOWN_MAX;
        while (s.len > 0 && ((unsigned char)s.ptr[s.len] & 0xc0) == 0x80)
            s.len--;
    }
    return s;
}

struct ss_slice ss_token_show(const struct ss_token *t, struct ss_arena *a)
{
    bool cut;
    struct ss_slice s;
    switch (t->kind) {
    case SS_TOKEN_NULL:
        return SS_LIT("null");
    case SS_TOKEN_BOOL:
        return t->value ? SS_LIT("true") : SS_LIT("false");
    case SS_TOKEN_NUMBER:
        s = ss_text_cut(t->text, &cut);
        return ss_arena_printf(a, "%.*s%s", SS_FMT(s), cut ? "..." : "");
    case SS_TOKEN_STRING:
    case SS_TOKEN_KEY:
        s = ss_text_cut(t->text, &cut);
        return ss_arena_printf(a, "\"%.*s%s\"", SS_FMT(s), cut ? "..." : "");
    case SS_TOKEN_START_OBJECT:
    case SS_TOKEN_END_OBJECT:
        return SS_LIT("an object");
    case SS_TOKEN_START_ARRAY:
    case SS_TOKEN_END_ARRAY:
        return SS_LIT("an array");
    }
    return SS_LIT("");
}
