/* For the tests of this layer: a folder of its own for each program, files in it, and errors as one text. */
#ifndef TEST_CONFIG_SUPPORT_H
#define TEST_CONFIG_SUPPORT_H

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/config.h"

static const char legal_proto[] = "syntax = \"proto3\";\n"
                                  "package legal.v1;\n"
                                  "message Doc { string name = 1; string title = 2; }\n"
                                  "message GetRequest { string name = 1; }\n"
                                  "service Documents {\n"
                                  "  rpc Get(GetRequest) returns (Doc);\n"
                                  "  rpc Create(Doc) returns (Doc);\n"
                                  "  rpc Watch(GetRequest) returns (stream Doc);\n"
                                  "  rpc Import(stream Doc) returns (Doc);\n"
                                  "}\n"
                                  "service Search { rpc Find(GetRequest) returns (Doc); }\n";

static inline void write_bytes(const char *path, struct ss_slice bytes)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes.ptr ? bytes.ptr : "", 1, bytes.len, f), bytes.len);
    assert_int_equal(fclose(f), 0);
}

static inline void write_text(const char *path, const char *text)
{
    write_bytes(path, ss_slice_str(text));
}

/* cmocka group set-up: goes into a new folder with legal.proto and legal.pb. */
static inline int enter_folder(void **state)
{
    char dir[] = "/tmp/sidespan-config-XXXXXX";
    assert_non_null(mkdtemp(dir));
    *state = ss_xstrndup(dir, strlen(dir));
    assert_int_equal(chdir(dir), 0);
    write_text("legal.proto", legal_proto);
    assert_int_equal(system("protoc --include_imports --descriptor_set_out=legal.pb legal.proto"), 0);
    return 0;
}

static inline int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(path);
}

static inline int leave_folder(void **state)
{
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(nftw(*state, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
    ss_free(*state);
    return 0;
}

/* The lines of all errors, each with its newline. Freed with ss_free. */
static inline char *join_errors(const struct ss_config_error *errors)
{
    size_t len = 0;
    for (const struct ss_config_error *e = errors; e; e = e->next)
        len += e->text.len + 1;
    char *text = ss_xmalloc(len + 1), *p = text;
    for (const struct ss_config_error *e = errors; e; e = e->next) {
        memcpy(p, e->text.ptr, e->text.len);
        p += e->text.len;
        *p++ = '\n';
    }
    *p = '\0';
    return text;
}

#endif
