/* (reported 50) What hostile input may cost: beyond the input and the output, working memory of at most twice
 * the input and a fixed amount; work in proportion to the input; and a clear error where there is one.
 *
 * Both are measured in the release variant; under sanitizers, whose own costs hide ours, the same cases run
 * small and only their outcome is checked. Memory: each case in a process of its own. Work: instructions,
 * which no load of the machine changes; this program runs itself once more under callgrind, which counts
 * those of each case apart. */
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <valgrind/callgrind.h>

#include "transcode/support.h"
#include "wire/varint.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { MEASURED = 0, MIB = 1 << 14 };
#else
enum { MEASURED = 1, MIB = 1 << 20 };
#endif

enum { FIXED = 2 << 20, BIG = INT32_MAX };

struct given {
    const char *message;
    bool wire; /* the text is wire bytes, to become JSON */
    bool ignore_unknown, lenient;
    struct ss_buf text;
};

static void add(struct ss_buf *b, const char *p, size_t n)
{
    if (ss_buf_append(b, p, n) != SS_OK)
        abort();
}

static void add_str(struct ss_buf *b, const char *s)
{
    add(b, s, strlen(s));
}

static void fill(struct ss_buf *b, size_t len, const char *piece, size_t n)
{
    while (b->len < len)
        add(b, piece, n);
}

#define FILL(b, len, piece) fill(b, len, "" piece, sizeof(piece) - 1)

/* Keys of four letters, no two alike; then the fifth. */
static const char *key_at(size_t i, char key[8])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t n = 0;
    for (size_t k = 0; k < 4 || i; k++, i /= 64)
        key[n++] = letters[i % 64];
    key[n] = 0;
    return key;
}

static void keys(struct ss_buf *b, size_t len, const char *value)
{
    char key[8];
    for (size_t i = 0; b->len < len; i++) {
        add_str(b, i ? ",\"" : "\"");
        add_str(b, key_at(i, key));
        add_str(b, "\":");
        add_str(b, value);
    }
}

/* Makes an input of about len bytes. */
typedef void make_input(struct given *g, size_t len);

static void a_string(struct given *g, size_t len)
{
    add_str(&g->text, "{\"fString\":\"");
    FILL(&g->text, len, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    add_str(&g->text, "\"}");
}

static void a_string_of_escapes(struct given *g, size_t len)
{
    add_str(&g->text, "{\"fString\":\"");
    FILL(&g->text, len, "\\n\\\"\\u0041\\ud83d\\ude00");
    add_str(&g->text, "\"}");
}

static void a_string_of_chinese(struct given *g, size_t len)
{
    add_str(&g->text, "{\"fString\":\"");
    FILL(&g->text, len, "\xe6\xbc\xa2\xe5\xad\x97");
    add_str(&g->text, "\"}");
}

static void a_string_of_base64(struct given *g, size_t len)
{
    add_str(&g->text, "{\"fBytes\":\"");
    FILL(&g->text, len, "AAAA");
    add_str(&g->text, "\"}");
}

static void an_unknown_string(struct given *g, size_t len)
{
    g->ignore_unknown = true;
    add_str(&g->text, "{\"nothing\":\"");
    FILL(&g->text, len, "\\n");
    add_str(&g->text, "\"}");
}

static void map_keys(struct given *g, size_t len)
{
    add_str(&g->text, "{\"mColor\":{");
    keys(&g->text, len, "0");
    add_str(&g->text, "}}");
}

static void struct_keys(struct given *g, size_t len)
{
    add_str(&g->text, "{\"structure\":{");
    keys(&g->text, len, "0");
    add_str(&g->text, "}}");
}

static void unknown_keys(struct given *g, size_t len)
{
    g->ignore_unknown = true;
    add_str(&g->text, "{");
    keys(&g->text, len, "0");
    add_str(&g->text, "}");
}

static void small_maps(struct given *g, size_t len)
{
    add_str(&g->text, "{\"rStruct\":[");
    FILL(&g->text, len, "{\"0\":0,\"1\":0,\"2\":0,\"3\":0,\"4\":0,\"5\":0,\"6\":0,\"7\":0,\"8\":0,\"9\":0},");
    add_str(&g->text, "{}]}");
}

static void numbers(struct given *g, size_t len)
{
    add_str(&g->text, "{\"rInt32\":[");
    FILL(&g->text, len, "1,");
    add_str(&g->text, "1]}");
}

static void empty_messages(struct given *g, size_t len)
{
    add_str(&g->text, "{\"rLeaf\":[");
    FILL(&g->text, len, "{},");
    add_str(&g->text, "{}]}");
}

static void empty_lists(struct given *g, size_t len)
{
    add_str(&g->text, "{\"list\":[");
    FILL(&g->text, len, "[],");
    add_str(&g->text, "[]]}");
}

static void nested_lists(struct given *g, size_t len)
{
    add_str(&g->text, "{\"list\":[");
    while (g->text.len < len) {
        for (int i = 0; i < 90; i++)
            add(&g->text, "[", 1);
        for (int i = 0; i < 90; i++)
            add(&g->text, "]", 1);
        add(&g->text, ",", 1);
    }
    add_str(&g->text, "[]]}");
}

static void any_type_last(struct given *g, const char *begin, const char *piece, size_t len)
{
    add_str(&g->text, "{\"any\":{");
    add_str(&g->text, begin);
    fill(&g->text, len, piece, strlen(piece));
    g->text.len--; /* the last comma */
    add_str(&g->text, "],\"@type\":\"a/rich.All\"}}");
}

static void an_any_of_numbers_whose_type_is_last(struct given *g, size_t len)
{
    any_type_last(g, "\"rInt32\":[", "1,", len);
}

static void an_any_of_messages_whose_type_is_last(struct given *g, size_t len)
{
    any_type_last(g, "\"rLeaf\":[", "{},", len);
}

static void an_any_of_lists_whose_type_is_last(struct given *g, size_t len)
{
    any_type_last(g, "\"list\":[", "[0],", len);
}

static void an_any_of_words_whose_type_is_last(struct given *g, size_t len)
{
    any_type_last(g, "\"list\":[", "null,true,\"\",", len);
}

static void anys_in_anys_whose_types_are_last(struct given *g, size_t len)
{
    for (int i = 0; i < 90; i++)
        add_str(&g->text, "{\"any\":");
    add_str(&g->text, "{\"rInt32\":[");
    FILL(&g->text, len, "1,");
    add_str(&g->text, "1]");
    for (int i = 0; i < 90; i++)
        add_str(&g->text, ",\"@type\":\"a/rich.All\"}");
    add_str(&g->text, "}");
}

static void lenient_text(struct given *g, size_t len)
{
    g->lenient = true;
    add_str(&g->text, "{\"rBool\":[");
    FILL(&g->text, len, "True,False,");
    add_str(&g->text, "True]}");
}

/* ---- wire ---- */

static void add_field(struct ss_buf *b, uint32_t number, struct ss_slice content)
{
    char head[24];
    char *end = ss_varint_put(head, number << 3 | 2);
    end = ss_varint_put(end, content.len);
    add(b, head, (size_t)(end - head));
    add(b, content.ptr, content.len);
}

static void wire_string(struct given *g, size_t len)
{
    struct ss_buf s;
    ss_buf_init(&s, BIG);
    FILL(&s, len, "\nx\"\x01\xe6\xbc\xa2");
    add_field(&g->text, 9, ss_buf_slice(&s));
    ss_buf_dispose(&s);
    g->wire = true;
}

static void packed_flood(struct given *g, size_t len)
{
    struct ss_buf s;
    ss_buf_init(&s, BIG);
    fill(&s, len, "\0", 1);
    add_field(&g->text, 25, ss_buf_slice(&s));
    ss_buf_dispose(&s);
    g->wire = true;
}

static void packed_arrays_of_nothing(struct given *g, size_t len)
{
    FILL(&g->text, len, "\xca\x01\x00");
    g->wire = true;
}

static void packed_arrays_of_nothing_in_turn(struct given *g, size_t len)
{
    fill(&g->text, len, "\xca\x01\x00\xba\x01\x00", 6);
    g->wire = true;
}

static void fields_in_turn(struct given *g, size_t len)
{
    g->message = "rich.Turns";
    FILL(&g->text, len, "\x08\x01\x10\x01");
    g->wire = true;
}

static void messages_in_turn(struct given *g, size_t len)
{
    g->message = "rich.Leaf";
    fill(&g->text, len, "\x1a\x00\x22\x00\x08\x01", 6);
    g->wire = true;
}

static void a_message_in_many_pieces(struct given *g, size_t len)
{
    g->message = "rich.Leaf";
    FILL(&g->text, len, "\x1a\x02\x08\x01\x08\x02");
    g->wire = true;
}

static void wire_map_keys(struct given *g, size_t len)
{
    char key[8];
    for (size_t i = 0; g->text.len < len; i++) {
        char entry[16] = "\x0a\x04";
        size_t n = strlen(key_at(i, key));
        entry[1] = (char)n;
        memcpy(entry + 2, key, n);
        add_field(&g->text, 65, ss_slice_of(entry, n + 2));
    }
    g->wire = true;
}

static void wire_map_keys_again_and_again(struct given *g, size_t len)
{
    while (g->text.len < len / 2)
        wire_map_keys(g, g->text.len + 64 * 1024);
    wire_map_keys(g, len);
}

static void unknown_fields(struct given *g, size_t len)
{
    FILL(&g->text, len, "\xf8\x7f\x01");
    g->wire = true;
}

/* rich.Leaf with a child twice, on each of many levels, the second time last: a second try on each level
 * would be exponential. */
static void disorder_on_every_level(struct given *g, size_t len)
{
    struct ss_buf outer;
    ss_buf_init(&outer, BIG);
    FILL(&g->text, len, "\x08\x01");
    for (int i = 0; i < 98; i++) {
        char head[16] = "\x1a";
        char *end = ss_varint_put(head + 1, g->text.len);
        outer.len = 0;
        add(&outer, head, (size_t)(end - head));
        add(&outer, g->text.ptr, g->text.len);
        add(&outer, "\x08\x01\x1a", 4);
        struct ss_buf swap = g->text;
        g->text = outer;
        outer = swap;
    }
    ss_buf_dispose(&outer);
    g->message = "rich.Leaf";
    g->wire = true;
}

static const struct {
    const char *name;
    make_input *make;
} inputs[] = {
#define CASE(f)                                                                                              \
    {                                                                                                        \
#f, f                                                                                                \
    }
    CASE(a_string),
    CASE(a_string_of_escapes),
    CASE(a_string_of_chinese),
    CASE(a_string_of_base64),
    CASE(an_unknown_string),
    CASE(map_keys),
    CASE(struct_keys),
    CASE(unknown_keys),
    CASE(small_maps),
    CASE(numbers),
    CASE(empty_messages),
    CASE(empty_lists),
    CASE(nested_lists),
    CASE(an_any_of_numbers_whose_type_is_last),
    CASE(an_any_of_messages_whose_type_is_last),
    CASE(an_any_of_lists_whose_type_is_last),
    CASE(an_any_of_words_whose_type_is_last),
    CASE(anys_in_anys_whose_types_are_last),
    CASE(lenient_text),
    CASE(wire_string),
    CASE(packed_flood),
    CASE(packed_arrays_of_nothing),
    CASE(packed_arrays_of_nothing_in_turn),
    CASE(fields_in_turn),
    CASE(messages_in_turn),
    CASE(a_message_in_many_pieces),
    CASE(wire_map_keys),
    CASE(wire_map_keys_again_and_again),
    CASE(unknown_fields),
    CASE(disorder_on_every_level),
};

struct cost {
    enum ss_err err;
    size_t input, output, peak; /* bytes; peak beyond what there was before */
};

/* Bytes of memory in use. */
static size_t resident(void)
{
    long pages = 0;
    char line[128];
    FILE *f = fopen("/proc/self/statm", "re");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f));
    fclose(f);
    char *second = strchr(line, ' ');
    pages = strtol(second, NULL, 10);
    return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

static size_t peak(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (size_t)u.ru_maxrss * 1024;
}

static struct cost run(make_input *make, size_t len)
{
    struct given g = {.message = "rich.All"};
    ss_buf_init(&g.text, BIG);
    make(&g, len);
    fx->in = (struct ss_json_in){.ignore_unknown_fields = g.ignore_unknown, .lenient = g.lenient};
    struct ss_buf *out = g.wire ? &fx->json : &fx->wire;
    struct ss_codec *codec = ss_codec_new();
    ss_buf_dispose(out);
    ss_buf_init(out, BIG);
    size_t before = resident();
    const struct ss_message *m = type(g.message);
    struct cost c = {.input = g.text.len};
    struct ss_slice text = ss_buf_slice(&g.text);
    CALLGRIND_TOGGLE_COLLECT;
    if (g.wire)
        c.err = ss_wire_to_json(codec, fx->schema, m, NULL, text, &fx->out, &fx->arena, out, &fx->status);
    else
        c.err = ss_json_to_wire(codec, fx->schema, m, NULL, text, &fx->in, &fx->arena, out, &fx->status);
    CALLGRIND_TOGGLE_COLLECT;
    c.output = out->len;
    c.peak = peak() > before ? peak() - before : 0;
    ss_codec_free(codec);
    ss_buf_dispose(out);
    ss_buf_dispose(&g.text);
    return c;
}

/* The same in a process of its own, which begins with little memory. */
static struct cost run_apart(make_input *make, size_t len)
{
    int fds[2];
    struct cost c = {.err = SS_ERR_COUNT};
    if (!MEASURED)
        return run(make, len);
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        c = run(make, len);
        _exit(write(fds[1], &c, sizeof c) == (ssize_t)sizeof c ? 0 : 1);
    }
    close(fds[1]);
    ssize_t n = read(fds[0], &c, sizeof c);
    close(fds[0]);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0 && n == (ssize_t)sizeof c);
    return c;
}

static void memory_is_at_most_twice_the_input_and_the_output(void **state)
{
    (void)state;
    int broken = 0;
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        struct cost c = run_apart(inputs[i].make, (size_t)12 * MIB);
        size_t bound = 2 * c.input + c.output + FIXED;
        if (c.err || (MEASURED && c.peak > bound)) {
            print_message("%-45s err %d, input %zu, output %zu, peak %zu = %.2f x input beyond it\n",
                          inputs[i].name, (int)c.err, c.input, c.output, c.peak,
                          ((double)c.peak - (double)c.output) / (double)c.input);
            broken++;
        }
    }
    assert_int_equal(broken, 0);
}

enum {
    SMALL = 128 << 10 /* every shape is whole from there on */,
    N_INPUTS = sizeof inputs / sizeof *inputs
};

/* As `PROGRAM --count`, under callgrind: a dump of what each case costs, small and four times as large. */
static int count(void)
{
    void *state = NULL;
    if (fixture_start(&state) != 0)
        return 1;
    for (size_t i = 0; i < N_INPUTS; i++) {
        for (size_t len = SMALL; len <= (size_t)4 * SMALL; len *= 4) {
            if (run(inputs[i].make, len).err != SS_OK)
                return 1;
            CALLGRIND_DUMP_STATS;
        }
    }
    return fixture_stop(&state);
}

/* Runs this program so; its dumps are FOLDER/out.1, FOLDER/out.2 and so on. */
static void count_apart(const char *folder)
{
    char out[128], self[256];
    snprintf(out, sizeof out, "--callgrind-out-file=%s/out", folder);
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    assert_true(n > 0);
    self[n] = '\0';
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        execlp("valgrind", "valgrind", "-q", "--tool=callgrind", "--collect-atstart=no", out, self, "--count",
               (char *)NULL);
        _exit(127);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static double instructions(const char *folder, size_t dump)
{
    char path[128], line[256];
    double total = -1;
    snprintf(path, sizeof path, "%s/out.%zu", folder, dump);
    FILE *f = fopen(path, "re");
    assert_non_null(f);
    while (fgets(line, sizeof line, f))
        if (strncmp(line, "totals: ", 8) == 0)
            total = strtod(line + 8, NULL);
    fclose(f);
    unlink(path);
    assert_true(total > 0);
    return total;
}

/* Four times the input makes four times the work; a half more is for what grows with the logarithm. Sixteen
 * times would be quadratic. */
static void work_is_in_proportion_to_the_input(void **state)
{
    (void)state;
    char folder[] = "/tmp/sidespan-bounds-XXXXXX";
    int broken = 0;
    if (!MEASURED)
        return;
    assert_non_null(mkdtemp(folder));
    count_apart(folder);
    for (size_t i = 0; i < N_INPUTS; i++) {
        double small = instructions(folder, 2 * i + 1), large = instructions(folder, 2 * i + 2);
        if (large > 4.5 * small) {
            print_message("%-45s %.0f instructions, then %.0f: %.2f times\n", inputs[i].name, small, large,
                          large / small);
            broken++;
        }
    }
    char last[64];
    snprintf(last, sizeof last, "%s/out", folder);
    unlink(last);
    rmdir(folder);
    assert_int_equal(broken, 0);
}

static void a_string_of_a_hundred_megabytes_passes(void **state)
{
    (void)state;
    make_input *const makes[] = {a_string, a_string_of_escapes, a_string_of_base64, wire_string};
    for (size_t i = 0; i < sizeof makes / sizeof *makes; i++) {
        struct cost c = run_apart(makes[i], (size_t)100 * MIB);
        assert_int_equal(c.err, SS_OK);
        if (MEASURED)
            assert_true(c.peak <= 2 * c.input + c.output + FIXED);
    }
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--count") == 0)
        return count();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(memory_is_at_most_twice_the_input_and_the_output, fixture_reset),
        cmocka_unit_test_setup(work_is_in_proportion_to_the_input, fixture_reset),
        cmocka_unit_test_setup(a_string_of_a_hundred_megabytes_passes, fixture_reset),
    };
    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
