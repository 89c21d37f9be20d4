#include "http/media_range.h"

#include "http/chars.h"

/* Cuts a token off the front of s; empty when there is none. */
static struct ss_slice take_token(struct ss_slice *s)
{
    size_t n = 0;
    while (n < s->len && ss_http_tchar(s->ptr[n]))
        n++;
    struct ss_slice token = ss_slice_of(s->ptr, n);
    *s = ss_slice_skip(*s, n);
    return token;
}

static void skip_space(struct ss_slice *s)
{
    while (s->len && ss_http_space(s->ptr[0]))
        *s = ss_slice_skip(*s, 1);
}

bool ss_media_range_parse(struct ss_slice text, struct ss_media_range *out)
{
    struct ss_slice rest = ss_http_trim(text);
    out->type = take_token(&rest);
    if (out->type.len == 0 || rest.len == 0 || rest.ptr[0] != '/')
        return false;
    rest = ss_slice_skip(rest, 1);
    out->subtype = take_token(&rest);
    skip_space(&rest);
    out->params = rest;
    return out->subtype.len > 0 && (rest.len == 0 || rest.ptr[0] == ';');
}

/* The length of the quoted string at the front of s; 0 when it does not end. */
static size_t quoted_len(struct ss_slice s)
{
    for (size_t i = 1; i < s.len; i++) {
        if (s.ptr[i] == '"')
            return i + 1;
        if (s.ptr[i] == '\\')
            i++;
    }
    return 0;
}

int ss_media_param_next(struct ss_slice *params, struct ss_media_param *out)
{
    skip_space(params);
    while (params->len && params->ptr[0] == ';') { /* empty parameters are allowed */
        *params = ss_slice_skip(*params, 1);
        skip_space(params);
    }
    if (params->len == 0)
        return 0;
    out->name = take_token(params);
    if (out->name.len == 0 || params->len == 0 || params->ptr[0] != '=')
        return -1;
    *params = ss_slice_skip(*params, 1);
    if (params->len && params->ptr[0] == '"') {
        size_t n = quoted_len(*params);
        out->value = ss_slice_of(params->ptr, n);
        *params = ss_slice_skip(*params, n);
    } else {
        out->value = take_token(params);
    }
    skip_space(params);
    return out->value.len && (params->len == 0 || params->ptr[0] == ';') ? 1 : -1;
}

bool ss_media_value_is(struct ss_slice value, struct ss_slice text)
{
    if (value.len < 2 || value.ptr[0] != '"')
        return ss_slice_eq_ci(value, text);
    size_t n = 0;
    for (size_t i = 1; i + 1 < value.len; i++, n++) {
        if (value.ptr[i] == '\\')
            i++;
        if (n == text.len || strncasecmp(&value.ptr[i], &text.ptr[n], 1) != 0)
            return false;
    }
    return n == text.len;
}

/* ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] ); further digits are read and dropped. */
static int parse_weight(struct ss_slice s)
{
    if (s.len == 0 || (s.ptr[0] != '0' && s.ptr[0] != '1') || (s.len > 1 && s.ptr[1] != '.'))
        return -1;
    int weight = (s.ptr[0] - '0') * 1000, step = 100;
    for (size_t i = 2; i < s.len; i++, step /= 10) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return -1;
        weight += (s.ptr[i] - '0') * step;
    }
    return weight <= 1000 ? weight : -1;
}

int ss_media_weight(struct ss_slice params)
{
    struct ss_media_param param;
    int got;
    while ((got = ss_media_param_next(&params, &param)) > 0)
        if (ss_slice_eq_ci(param.name, SS_LIT("q")))
            return parse_weight(param.value);
    return got == 0 ? 1000 : -1;
}

bool ss_media_ndjson_subtype(struct ss_slice subtype)
{
    return ss_slice_eq_ci(subtype, SS_LIT("x-ndjson")) || ss_slice_eq_ci(subtype, SS_LIT("ndjson")) ||
           ss_slice_eq_ci(subtype, SS_LIT("jsonl")) || ss_slice_eq_ci(subtype, SS_LIT("x-jsonlines"));
}
