#include "http/media.h"

#include "http/chars.h"
#include "http/media_range.h"

/* Whether the subtype is name, or name+suffix. */
static bool with_suffix(struct ss_slice subtype, struct ss_slice name)
{
    if (subtype.len < name.len || strncasecmp(subtype.ptr, name.ptr, name.len) != 0)
        return false;
    return subtype.len == name.len || (subtype.ptr[name.len] == '+' && subtype.len > name.len + 1);
}

static bool ends_in_json(struct ss_slice subtype)
{
    const struct ss_slice suffix = SS_LIT("+json");
    return subtype.len > suffix.len &&
           ss_slice_eq_ci(ss_slice_skip(subtype, subtype.len - suffix.len), suffix);
}

static enum ss_media application(struct ss_slice subtype)
{
    if (ss_slice_eq_ci(subtype, SS_LIT("json")))
        return SS_MEDIA_JSON;
    if (with_suffix(subtype, SS_LIT("grpc")))
        return SS_MEDIA_GRPC;
    if (with_suffix(subtype, SS_LIT("grpc-web")))
        return SS_MEDIA_GRPC_WEB;
    if (with_suffix(subtype, SS_LIT("grpc-web-text")))
        return SS_MEDIA_GRPC_WEB_TEXT;
    if (ss_media_ndjson_subtype(subtype))
        return SS_MEDIA_NDJSON;
    return ss_slice_eq_ci(subtype, SS_LIT("x-www-form-urlencoded")) ? SS_MEDIA_FORM : SS_MEDIA_OTHER;
}

/* Whether the parameters are well-formed and, for JSON and text, name no charset but UTF-8. */
static bool parameters_good(struct ss_slice params, bool utf8)
{
    struct ss_media_param param;
    int got;
    while ((got = ss_media_param_next(&params, &param)) > 0) {
        if (!utf8 || !ss_slice_eq_ci(param.name, SS_LIT("charset")))
            continue;
        if (!ss_media_value_is(param.value, SS_LIT("utf-8")) &&
            !ss_media_value_is(param.value, SS_LIT("utf8")))
            return false;
    }
    return got == 0;
}

enum ss_media ss_media_of(struct ss_slice content_type)
{
    struct ss_slice text = ss_http_trim(content_type);
    if (text.len == 0)
        return SS_MEDIA_NONE;
    if (ss_slice_eq(text, SS_LIT("application/json")))
        return SS_MEDIA_JSON;
    struct ss_media_range range;
    if (!ss_media_range_parse(text, &range))
        return SS_MEDIA_OTHER;
    enum ss_media media = SS_MEDIA_OTHER;
    if (ss_slice_eq_ci(range.type, SS_LIT("application")))
        media = application(range.subtype);
    else if (ss_slice_eq_ci(range.type, SS_LIT("text")) && ss_slice_eq_ci(range.subtype, SS_LIT("json")))
        media = SS_MEDIA_JSON;
    else if (ss_slice_eq_ci(range.type, SS_LIT("text")) && ss_slice_eq_ci(range.subtype, SS_LIT("plain")))
        media = SS_MEDIA_TEXT;
    else if (ss_slice_eq_ci(range.type, SS_LIT("multipart")) &&
             ss_slice_eq_ci(range.subtype, SS_LIT("form-data")))
        media = SS_MEDIA_MULTIPART;
    if (media == SS_MEDIA_OTHER && ends_in_json(range.subtype))
        media = SS_MEDIA_JSON;
    bool utf8 = media == SS_MEDIA_JSON || media == SS_MEDIA_TEXT;
    return parameters_good(range.params, utf8) ? media : SS_MEDIA_OTHER;
}
