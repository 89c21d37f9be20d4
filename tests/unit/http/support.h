/* What the http tests share: blocks that end where the bytes end, so that ASan sees a read past them, and
 * slices. */
#ifndef SS_TEST_HTTP_SUPPORT_H
#define SS_TEST_HTTP_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/slice.h"

/* A copy in a heap block of exactly n bytes; the caller frees it. */
static inline char *exact(const char *p, size_t n)
{
    char *copy = malloc(n ? n : 1);
    assert_non_null(copy);
    if (n)
        memcpy(copy, p, n);
    return n ? copy : copy + 1; /* an empty block must not be read at all */
}

static inline void exact_free(char *p, size_t n)
{
    free(n ? p : p - 1);
}

static inline void assert_slice(struct ss_slice got, const char *want)
{
    if (got.len != strlen(want) || (got.len && memcmp(got.ptr, want, got.len) != 0))
        fail_msg("got \"%.*s\", want \"%s\"", SS_FMT(got), want);
}

#endif
