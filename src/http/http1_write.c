/* Responses. Every piece is checked first, then reserved whole, then written: a failure leaves the buffer as
 * it was. */
#include "http/http1.h"

#include "http/http1_reason.h"

enum { LENGTH_DIGITS = 20, SIZE_DIGITS = 16 };

/* Room has been reserved. */
static void put(struct ss_buf *out, const char *p, size_t n)
{
    if (n)
        memcpy(out->ptr + out->len, p, n);
    out->len += n;
}

static void put_lit(struct ss_buf *out, struct ss_slice s)
{
    put(out, s.ptr, s.len);
}

enum ss_err ss_http1_write_status(struct ss_buf *out, int status)
{
    struct ss_slice line = ss_http1_status_line(status);
    if (line.len)
        return ss_buf_append_slice(out, line);
    if (status < 100 || status > 999)
        return SS_ERR_INTERNAL;
    char text[] = "HTTP/1.1 000 Unknown\r\n";
    text[9] = (char)('0' + status / 100);
    text[10] = (char)('0' + status / 10 % 10);
    text[11] = (char)('0' + status % 10);
    return ss_buf_append(out, text, sizeof text - 1);
}

static bool header_clean(struct ss_slice name, struct ss_slice value)
{
    return ss_http_name_valid(name) && ss_http_value_valid(value);
}

static void put_header(struct ss_buf *out, struct ss_slice name, struct ss_slice value)
{
    put_lit(out, name);
    put(out, ": ", 2);
    put_lit(out, value);
    put(out, "\r\n", 2);
}

enum ss_err ss_http1_write_header(struct ss_buf *out, struct ss_slice name, struct ss_slice value)
{
    if (!header_clean(name, value))
        return SS_ERR_INTERNAL;
    enum ss_err err = ss_buf_reserve(out, name.len + value.len + 4);
    if (err == SS_OK)
        put_header(out, name, value);
    return err;
}

enum ss_err ss_http1_write_length(struct ss_buf *out, uint64_t length)
{
    const struct ss_slice name = SS_LIT("Content-Length: ");
    char digits[LENGTH_DIGITS + 2];
    char *end = digits + LENGTH_DIGITS, *p = end;
    do
        *--p = (char)('0' + length % 10);
    while ((length /= 10) != 0);
    memcpy(end, "\r\n", 2);
    size_t n = (size_t)(end + 2 - p);
    enum ss_err err = ss_buf_reserve(out, name.len + n);
    if (err == SS_OK) {
        put_lit(out, name);
        put(out, p, n);
    }
    return err;
}

enum ss_err ss_http1_write_chunk(struct ss_buf *out, const char *p, size_t n)
{
    if (n == 0)
        return SS_ERR_INTERNAL; /* it would end the body */
    char digits[SIZE_DIGITS + 2];
    char *end = digits + SIZE_DIGITS, *d = end;
    for (size_t left = n; left; left >>= 4)
        *--d = "0123456789abcdef"[left & 15];
    memcpy(end, "\r\n", 2);
    size_t head = (size_t)(end + 2 - d), room;
    if (__builtin_add_overflow(n, head + 2, &room))
        return SS_ERR_LIMIT;
    enum ss_err err = ss_buf_reserve(out, room);
    if (err == SS_OK) {
        put(out, d, head);
        put(out, p, n);
        put(out, "\r\n", 2);
    }
    return err;
}

enum ss_err ss_http1_write_last_chunk(struct ss_buf *out, const struct ss_header *trailers, size_t n)
{
    size_t room = 5;
    for (size_t i = 0; i < n; i++) {
        if (!header_clean(trailers[i].name, trailers[i].value))
            return SS_ERR_INTERNAL;
        room += trailers[i].name.len + trailers[i].value.len + 4;
    }
    enum ss_err err = ss_buf_reserve(out, room);
    if (err != SS_OK)
        return err;
    put(out, "0\r\n", 3);
    for (size_t i = 0; i < n; i++)
        put_header(out, trailers[i].name, trailers[i].value);
    put(out, "\r\n", 2);
    return SS_OK;
}
