/* posix_spawnp, no shell: a file name is never more than an argument. protoc writes the set to its standard
 * output, which is a memfd, so nothing is left in /tmp; what it has to say comes through a pipe. Imports of
 * google/api and its kin that no folder has it finds in the built-in set, which is another memfd. */
#include "config/protoc.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/file.h"
#include "schema/builtin.h"

extern char **environ;

enum { MAX_SET = 256 << 20, MAX_TALK = 16384, MAX_LOOK = 4096 };

enum { BUILTIN_FD = 3 }; /* in protoc */

/* What protoc reads, writes and says. */
struct channels {
    int builtin, set, talk[2]; /* -1: not there */
};

static char **arguments(struct ss_arena *a, struct ss_slice proto, const struct ss_string_list *include)
{
    char **argv = ss_arena_zalloc(a, (include->n + 9) * sizeof *argv);
    struct ss_slice dir = ss_path_dir(proto);
    size_t n = 0;
    struct ss_slice *texts = ss_arena_alloc(a, (include->n + 9) * sizeof *texts);
    texts[n++] = ss_arena_copy(a, SS_LIT("protoc"));
    texts[n++] = ss_arena_copy(a, SS_LIT("--include_imports"));
    texts[n++] = ss_arena_copy(a, SS_LIT("--descriptor_set_out=/dev/stdout"));
    texts[n++] = ss_arena_printf(a, "--descriptor_set_in=/proc/self/fd/%d", BUILTIN_FD);
    for (size_t i = 0; i < include->n; i++)
        texts[n++] = ss_arena_printf(a, "-I%.*s", SS_FMT(include->items[i]));
    texts[n++] = dir.len ? ss_arena_printf(a, "-I%.*s", SS_FMT(dir)) : ss_arena_copy(a, SS_LIT("-I."));
    /* a name that begins with '-' is a file all the same */
    texts[n++] = ss_arena_printf(a, "%s%.*s", proto.ptr[0] == '-' ? "./" : "", SS_FMT(proto));
    for (size_t i = 0; i < n; i++) {
        char *copy = ss_arena_alloc(a, texts[i].len + 1);
        memcpy(copy, texts[i].ptr, texts[i].len + 1);
        argv[i] = copy;
    }
    return argv;
}

/* 0, or an errno. */
static int spawn(char **argv, const struct channels *c, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return ENOMEM;
    int err = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (err == 0)
        err = posix_spawn_file_actions_adddup2(&actions, c->set, STDOUT_FILENO);
    if (err == 0)
        err = posix_spawn_file_actions_adddup2(&actions, c->talk[1], STDERR_FILENO);
    if (err == 0) /* the last, for one of the others may have that number here */
        err = posix_spawn_file_actions_adddup2(&actions, c->builtin, BUILTIN_FD);
    if (err == 0)
        err = posix_spawnp(pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return err;
}

/* Reads to the end, and keeps the first MAX_TALK bytes. */
static struct ss_slice listen_to(int fd, struct ss_arena *a)
{
    char *text = ss_arena_alloc(a, MAX_TALK), rest[512];
    size_t n = 0;
    for (;;) {
        bool room = n < MAX_TALK;
        ssize_t r = read(fd, room ? text + n : rest, room ? MAX_TALK - n : sizeof rest);
        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0)
            break;
        if (room)
            n += (size_t)r;
    }
    return ss_slice_of(text, n);
}

/* The edition that the text of a .proto declares, with its quotes; empty: none. Comments may stand before it.
 */
static struct ss_slice edition_of(struct ss_slice text)
{
    for (;;) {
        while (text.len && strchr(" \t\r\n", text.ptr[0]))
            text = ss_slice_skip(text, 1);
        const char *end = NULL;
        if (text.len > 1 && memcmp(text.ptr, "//", 2) == 0)
            end = memchr(text.ptr, '\n', text.len);
        else if (text.len > 1 && memcmp(text.ptr, "/*", 2) == 0)
            end = memmem(text.ptr + 2, text.len - 2, "*/", 2);
        else
            break;
        if (end == NULL)
            return SS_LIT("");
        text = ss_slice_skip(text, (size_t)(end - text.ptr) + (*end == '*' ? 2 : 1));
    }
    if (text.len < 7 || memcmp(text.ptr, "edition", 7) != 0)
        return SS_LIT("");
    const char *semicolon = memchr(text.ptr, ';', text.len);
    const char *open = semicolon ? memchr(text.ptr, '"', (size_t)(semicolon - text.ptr)) : NULL;
    return open ? ss_slice_of(open, (size_t)(semicolon - open)) : SS_LIT("");
}

/* The beginning of a file; empty when it cannot be read. */
static struct ss_slice look_into(struct ss_slice path, struct ss_arena *a)
{
    int fd = open(ss_arena_copy(a, path).ptr, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char *text = ss_arena_alloc(a, MAX_LOOK);
    ssize_t n = fd < 0 ? 0 : read(fd, text, MAX_LOOK);
    if (fd >= 0)
        close(fd);
    return ss_slice_of(text, n < 0 ? 0 : (size_t)n);
}

/* An older protoc takes `edition = "2023";` for a mistake, and then everything that follows. Looks into the
 * file itself and those that the complaints name, which stand below some folder of imports. */
static bool report_edition(struct ss_diag *d, const struct ss_located *proto,
                           const struct ss_string_list *include, struct ss_slice talk)
{
    struct ss_slice file = proto->text, edition = edition_of(look_into(file, d->arena));
    if (memmem(talk.ptr, talk.len, "Expected top-level statement", 28) == NULL)
        return false;
    for (struct ss_slice rest = talk; edition.len == 0 && rest.len;) {
        const char *nl = memchr(rest.ptr, '\n', rest.len), *colon = memchr(rest.ptr, ':', rest.len);
        size_t len = nl ? (size_t)(nl - rest.ptr) : rest.len;
        file =
            ss_slice_of(rest.ptr, colon && (size_t)(colon - rest.ptr) < len ? (size_t)(colon - rest.ptr) : 0);
        edition = edition_of(look_into(ss_path_join(ss_path_dir(proto->text), file, d->arena), d->arena));
        for (size_t i = 0; i < include->n && edition.len == 0; i++) {
            struct ss_slice dir = ss_arena_printf(d->arena, "%.*s/", SS_FMT(include->items[i]));
            edition = edition_of(look_into(ss_path_join(dir, file, d->arena), d->arena));
        }
        rest = ss_slice_skip(rest, nl ? len + 1 : len);
    }
    if (edition.len == 0)
        return false;
    ss_diag_at(
        d, proto->at,
        "%.*s is of edition %.*s, which the protoc that is installed is too old for; compile it with a "
        "newer one (protoc --include_imports --descriptor_set_out=FILE.pb) and name the FILE.pb",
        SS_FMT(file), SS_FMT(edition));
    return true;
}

static void report(struct ss_diag *d, const struct ss_located *proto, const struct ss_string_list *include,
                   struct ss_slice talk)
{
    size_t before = d->n_errors;
    if (report_edition(d, proto, include, talk))
        return;
    while (talk.len) {
        const char *nl = memchr(talk.ptr, '\n', talk.len);
        size_t len = nl ? (size_t)(nl - talk.ptr) : talk.len;
        if (len)
            ss_diag_at(d, proto->at, "protoc: %.*s", (int)len, talk.ptr);
        talk = ss_slice_skip(talk, nl ? len + 1 : len);
    }
    if (d->n_errors == before)
        ss_diag_at(d, proto->at, "protoc failed on %.*s and said nothing", SS_FMT(proto->text));
}

static bool read_set(int fd, struct ss_arena *a, struct ss_slice *set)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || st.st_size <= 0 || st.st_size > MAX_SET)
        return false;
    char *p = ss_arena_alloc(a, (size_t)st.st_size);
    *set = ss_slice_of(p, (size_t)st.st_size);
    for (size_t n = 0; n < set->len;) {
        ssize_t r = pread(fd, p + n, set->len - n, (off_t)n);
        if (r <= 0)
            return false;
        n += (size_t)r;
    }
    return true;
}

static int wait_for(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return status;
}

static bool run(struct ss_diag *d, const struct ss_located *proto, const struct ss_string_list *include,
                struct channels *c, struct ss_arena *a, struct ss_slice *set)
{
    pid_t pid;
    int err = spawn(arguments(d->arena, proto->text, include), c, &pid);
    close(c->talk[1]);
    c->talk[1] = -1;
    if (err == ENOENT) {
        ss_diag_at(
            d, proto->at,
            "%.*s: protoc is not installed (Debian: protobuf-compiler); or name a FileDescriptorSet made by "
            "protoc --include_imports --descriptor_set_out=FILE.pb",
            SS_FMT(proto->text));
        return false;
    }
    if (err) {
        ss_diag_at(d, proto->at, "%.*s: cannot run protoc: %s", SS_FMT(proto->text), strerrordesc_np(err));
        return false;
    }
    struct ss_slice talk = listen_to(c->talk[0], d->arena);
    int status = wait_for(pid);
    if (status == 0 && read_set(c->set, a, set))
        return true;
    report(d, proto, include, talk);
    return false;
}

static bool open_channels(struct channels *c)
{
    *c = (struct channels){-1, -1, {-1, -1}};
    c->builtin = memfd_create("builtin", MFD_CLOEXEC);
    c->set = memfd_create("descriptors", MFD_CLOEXEC);
    return c->builtin >= 0 && c->set >= 0 && pipe2(c->talk, O_CLOEXEC) == 0 &&
           write(c->builtin, ss_builtin_set, ss_builtin_set_len) == (ssize_t)ss_builtin_set_len;
}

static void close_channels(const struct channels *c)
{
    const int all[] = {c->builtin, c->set, c->talk[0], c->talk[1]};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i] >= 0)
            close(all[i]);
}

/* A set has control characters in it; a text has none but white space. */
static bool is_text(struct ss_slice beginning)
{
    for (size_t i = 0; i < beginning.len; i++) {
        unsigned char ch = (unsigned char)beginning.ptr[i];
        if (ch < 0x20 && strchr("\t\n\v\f\r", ch ? ch : 'x') == NULL)
            return false;
    }
    return true;
}

bool ss_protoc_compile(struct ss_diag *d, const struct ss_located *proto,
                       const struct ss_string_list *include, struct ss_arena *a, struct ss_slice *set)
{
    struct channels c;
    if (!is_text(look_into(proto->text, d->arena))) {
        ss_diag_at(d, proto->at,
                   "%.*s is no text of a .proto; a FileDescriptorSet is given by --descriptor, or under "
                   "\"descriptors\" as a plain path",
                   SS_FMT(proto->text));
        return false;
    }
    bool ok = open_channels(&c);
    if (ok)
        ok = run(d, proto, include, &c, a, set);
    else
        ss_diag_at(d, proto->at, "%.*s: cannot run protoc: %s", SS_FMT(proto->text), strerrordesc_np(errno));
    close_channels(&c);
    return ok;
}
