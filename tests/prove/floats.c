/* Every float there is, all 2^32 bit patterns: what is printed reads back as the same bits, here and with the
 * C library's strtof, which is correctly rounded, and no decimal with one digit less would.
 *
 *   floats [STRIDE]   1: each of them; n: every nth is also given to the C library (default 16)
 *
 * One process for each CPU takes its part. Minutes of work: make prove-numbers. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "json/number.h"

enum { SLICES = 64 };

static void fail(const char *what, uint32_t bits, const char *text, unsigned len)
{
    fprintf(stderr, "float %08x, printed %.*s: %s\n", (unsigned)bits, (int)len, text, what);
    exit(1);
}

static uint32_t bits_of(float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

/* The digits that count: without sign, point, exponent and zeros around. */
static int digits_of(const char *text, unsigned len)
{
    int n = 0, last = 0;
    for (unsigned i = 0; i < len && text[i] != 'e'; i++) {
        if (text[i] < '0' || text[i] > '9')
            continue;
        n += n > 0 || text[i] != '0';
        if (text[i] != '0')
            last = n;
    }
    return last;
}

static void against_the_c_library(float v, const char *text, unsigned len)
{
    char shorter[64];
    int digits = digits_of(text, len);
    if (bits_of(strtof(text, NULL)) != bits_of(v))
        fail("strtof reads something else", bits_of(v), text, len);
    if (digits > 1) {
        snprintf(shorter, sizeof shorter, "%.*e", digits - 2, (double)v);
        if (bits_of(strtof(shorter, NULL)) == bits_of(v))
            fail("one digit less would do", bits_of(v), text, len);
    }
}

static void prove(uint32_t bits, uint32_t stride)
{
    char text[SS_NUMBER_MAX + 1];
    float v, back;
    memcpy(&v, &bits, sizeof v);
    if (!isfinite(v))
        return;
    unsigned len = ss_print_float(text, v);
    if (len > SS_NUMBER_MAX)
        fail("too long", bits, text, len);
    if (ss_parse_float(ss_slice_of(text, len), &back) || bits_of(back) != bits)
        fail("reads as something else", bits, text, len);
    if (bits % stride == 0) {
        text[len] = '\0';
        against_the_c_library(v, text, len);
    }
}

static void prove_slice(uint32_t slice, uint32_t stride)
{
    const uint64_t size = (UINT64_C(1) << 32) / SLICES;
    for (uint64_t i = 0; i < size; i++)
        prove((uint32_t)(slice * size + i), stride);
}

int main(int argc, char **argv)
{
    uint32_t stride = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 16;
    long workers = sysconf(_SC_NPROCESSORS_ONLN);
    workers = workers > 1 ? workers : 1;
    for (long worker = 0; worker < workers; worker++) {
        if (fork() == 0) {
            for (uint32_t slice = (uint32_t)worker; slice < SLICES; slice += (uint32_t)workers)
                prove_slice(slice, stride ? stride : 1);
            return 0;
        }
    }
    int status, failed = 0;
    while (wait(&status) > 0)
        failed |= status;
    puts(failed ? "floats: wrong" : "floats: all 4,294,967,296 bit patterns print and read back");
    return failed != 0;
}
