#include "config/route_list.h"

static const char *kind(const struct ss_method *m)
{
    if (m->client_streaming)
        return m->server_streaming ? "bidi" : "client stream";
    return m->server_streaming ? "server stream" : "unary";
}

static int wider(int width, struct ss_slice text)
{
    return (int)text.len > width ? (int)text.len : width;
}

void ss_route_list_print(const struct ss_route_table *table, FILE *out)
{
    static const struct ss_slice heads[] = {{"HTTP", 4}, {"PATH", 4}, {"METHOD", 6}};
    int widths[3];
    for (int i = 0; i < 3; i++)
        widths[i] = (int)heads[i].len;
    for (size_t i = 0; i < ss_route_table_count(table); i++) {
        const struct ss_rule *r = ss_route_table_at(table, i);
        widths[0] = wider(widths[0], r->http_method);
        widths[1] = wider(widths[1], r->path);
        widths[2] = wider(widths[2], r->method->full_name);
    }
    fprintf(out, "%-*s  %-*s  %-*s  KIND\n", widths[0], heads[0].ptr, widths[1], heads[1].ptr, widths[2],
            heads[2].ptr);
    for (size_t i = 0; i < ss_route_table_count(table); i++) {
        const struct ss_rule *r = ss_route_table_at(table, i);
        fprintf(out, "%-*.*s  %-*.*s  %-*.*s  %s\n", widths[0], SS_FMT(r->http_method), widths[1],
                SS_FMT(r->path), widths[2], SS_FMT(r->method->full_name), kind(r->method));
    }
}
