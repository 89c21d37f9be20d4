#include "base/err.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static const struct {
    enum ss_code code;
    int http;
    const char *text;
} errors[SS_ERR_COUNT] = {
    [SS_OK] = {SS_CODE_OK, 200, "ok"},
    [SS_ERR_MEMORY] = {SS_CODE_RESOURCE_EXHAUSTED, 503, "out of memory"},
    [SS_ERR_LIMIT] = {SS_CODE_RESOURCE_EXHAUSTED, 429, "over a limit"},
    [SS_ERR_IO] = {SS_CODE_UNAVAILABLE, 503, "input or output failed"},
    [SS_ERR_CLOSED] = {SS_CODE_UNAVAILABLE, 503, "connection closed by peer"},
    [SS_ERR_CONFIG] = {SS_CODE_INTERNAL, 500, "bad configuration"},
    [SS_ERR_INVALID] = {SS_CODE_INVALID_ARGUMENT, 400, "invalid request"},
    [SS_ERR_BAD_HTTP] = {SS_CODE_INVALID_ARGUMENT, 400, "malformed HTTP"},
    [SS_ERR_FORBIDDEN] = {SS_CODE_PERMISSION_DENIED, 403, "forbidden"},
    [SS_ERR_NO_ROUTE] = {SS_CODE_NOT_FOUND, 404, "no such path"},
    [SS_ERR_METHOD] = {SS_CODE_UNIMPLEMENTED, 405, "method not allowed on this path"},
    [SS_ERR_REQUEST_TIMEOUT] = {SS_CODE_DEADLINE_EXCEEDED, 408, "the request took too long to arrive"},
    [SS_ERR_BODY_TOO_LARGE] = {SS_CODE_RESOURCE_EXHAUSTED, 413, "request body too large"},
    [SS_ERR_TARGET_TOO_LONG] = {SS_CODE_RESOURCE_EXHAUSTED, 414, "request path too long"},
    [SS_ERR_MEDIA_TYPE] = {SS_CODE_INVALID_ARGUMENT, 415, "unsupported media type"},
    [SS_ERR_EXPECTATION] = {SS_CODE_INVALID_ARGUMENT, 417, "unsupported expectation"},
    [SS_ERR_UPGRADE_REQUIRED] = {SS_CODE_INVALID_ARGUMENT, 426, "upgrade required"},
    [SS_ERR_HEADERS_TOO_LARGE] = {SS_CODE_RESOURCE_EXHAUSTED, 431, "request header too large"},
    [SS_ERR_NOT_IMPLEMENTED] = {SS_CODE_UNIMPLEMENTED, 501, "not implemented"},
    [SS_ERR_HTTP_VERSION] = {SS_CODE_UNIMPLEMENTED, 505, "HTTP version not supported"},
    [SS_ERR_CANCELLED] = {SS_CODE_CANCELLED, 499, "the client went away"},
    [SS_ERR_DEADLINE] = {SS_CODE_DEADLINE_EXCEEDED, 504, "deadline exceeded"},
    [SS_ERR_UNAVAILABLE] = {SS_CODE_UNAVAILABLE, 503, "service unavailable"},
    [SS_ERR_MESSAGE_TOO_LARGE] = {SS_CODE_RESOURCE_EXHAUSTED, 429, "the service's message is over the limit"},
    [SS_ERR_ANSWER_TOO_LARGE] = {SS_CODE_RESOURCE_EXHAUSTED, 500,
                                 "the answer is over the limit once it is JSON (max_json_bytes)"},
    [SS_ERR_BAD_RESPONSE] = {SS_CODE_INTERNAL, 500, "the service sent a malformed answer"},
    [SS_ERR_INTERNAL] = {SS_CODE_INTERNAL, 500, "internal error"},
};

static const struct {
    const char *name;
    int http;
} codes[] = {
    {"OK", 200},
    {"CANCELLED", 499},
    {"UNKNOWN", 500},
    {"INVALID_ARGUMENT", 400},
    {"DEADLINE_EXCEEDED", 504},
    {"NOT_FOUND", 404},
    {"ALREADY_EXISTS", 409},
    {"PERMISSION_DENIED", 403},
    {"RESOURCE_EXHAUSTED", 429},
    {"FAILED_PRECONDITION", 400},
    {"ABORTED", 409},
    {"OUT_OF_RANGE", 400},
    {"UNIMPLEMENTED", 501},
    {"INTERNAL", 500},
    {"UNAVAILABLE", 503},
    {"DATA_LOSS", 500},
    {"UNAUTHENTICATED", 401},
};

enum { CODE_COUNT = sizeof(codes) / sizeof(codes[0]) };

enum ss_code ss_err_code(enum ss_err e)
{
    return errors[e].code;
}

int ss_err_http(enum ss_err e)
{
    return errors[e].http;
}

const char *ss_err_text(enum ss_err e)
{
    return errors[e].text;
}

const char *ss_code_name(int code)
{
    return code >= 0 && code < CODE_COUNT ? codes[code].name : NULL;
}

int ss_code_from_name(const char *name, unsigned long len)
{
    for (int i = 0; i < CODE_COUNT; i++)
        if (strlen(codes[i].name) == len && strncasecmp(codes[i].name, name, len) == 0)
            return i;
    return -1;
}

int ss_code_http(int code)
{
    return code >= 0 && code < CODE_COUNT ? codes[code].http : 500;
}
