/* posix_spawnp, no shell: a file name is never more than an argument. protoc writes the set to its standard
 * output, which is a memfd, so nothing is left in /tmp; what it has to say comes through a pipe. */
#include "config/protoc.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/file.h"

extern char **environ;

enum { MAX_SET = 256 << 20, MAX_TALK = 16384 };

static char **arguments(struct ss_arena *a, struct ss_slice proto, const struct ss_string_list *include)
{
    char **argv = ss_arena_zalloc(a, (include->n + 8) * sizeof *argv);
    struct ss_slice dir = ss_path_dir(proto);
    size_t n = 0;
    struct ss_slice *texts = ss_arena_alloc(a, (include->n + 8) * sizeof *texts);
    texts[n++] = ss_arena_copy(a, SS_LIT("protoc"));
    texts[n++] = ss_arena_copy(a, SS_LIT("--include_imports"));
    texts[n++] = ss_arena_copy(a, SS_LIT("--descriptor_set_out=/dev/stdout"));
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
static int spawn(char **argv, int set_fd, int talk_fd, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return ENOMEM;
    int err = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (err == 0)
        err = posix_spawn_file_actions_adddup2(&actions, set_fd, STDOUT_FILENO);
    if (err == 0)
        err = posix_spawn_file_actions_adddup2(&actions, talk_fd, STDERR_FILENO);
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

static void report(struct ss_diag *d, const struct ss_located *proto, struct ss_slice talk)
{
    size_t before = d->n_errors;
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

static bool run(struct ss_diag *d, const struct ss_located *proto, char **argv, int set_fd, const int talk[2],
                struct ss_slice *set)
{
    pid_t pid;
    int err = spawn(argv, set_fd, talk[1], &pid);
    close(talk[1]);
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
    struct ss_slice talk_text = listen_to(talk[0], d->arena);
    int status = wait_for(pid);
    if (status == 0 && read_set(set_fd, d->arena, set))
        return true;
    report(d, proto, talk_text);
    return false;
}

bool ss_protoc_compile(struct ss_diag *d, const struct ss_located *proto,
                       const struct ss_string_list *include, struct ss_slice *set)
{
    char **argv = arguments(d->arena, proto->text, include);
    int talk[2];
    int set_fd = memfd_create("descriptors", MFD_CLOEXEC);
    if (set_fd < 0 || pipe2(talk, O_CLOEXEC) != 0) {
        ss_diag_at(d, proto->at, "%.*s: cannot run protoc: %s", SS_FMT(proto->text), strerrordesc_np(errno));
        if (set_fd >= 0)
            close(set_fd);
        return false;
    }
    bool ok = run(d, proto, argv, set_fd, talk, set);
    close(talk[0]);
    close(set_fd);
    return ok;
}
