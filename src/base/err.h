/* What can go wrong, once: each reason has one gRPC code and one HTTP status, in err.c's table. */
#ifndef SS_BASE_ERR_H
#define SS_BASE_ERR_H

/* gRPC status codes (grpc/doc/statuscodes.md). */
enum ss_code {
    SS_CODE_OK = 0,
    SS_CODE_CANCELLED = 1,
    SS_CODE_UNKNOWN = 2,
    SS_CODE_INVALID_ARGUMENT = 3,
    SS_CODE_DEADLINE_EXCEEDED = 4,
    SS_CODE_NOT_FOUND = 5,
    SS_CODE_ALREADY_EXISTS = 6,
    SS_CODE_PERMISSION_DENIED = 7,
    SS_CODE_RESOURCE_EXHAUSTED = 8,
    SS_CODE_FAILED_PRECONDITION = 9,
    SS_CODE_ABORTED = 10,
    SS_CODE_OUT_OF_RANGE = 11,
    SS_CODE_UNIMPLEMENTED = 12,
    SS_CODE_INTERNAL = 13,
    SS_CODE_UNAVAILABLE = 14,
    SS_CODE_DATA_LOSS = 15,
    SS_CODE_UNAUTHENTICATED = 16,
};

enum ss_err {
    SS_OK = 0,
    /* of functions; they reach a client only as one of those below, or as INTERNAL */
    SS_ERR_MEMORY, /* out of memory */
    SS_ERR_LIMIT,  /* a cap was reached */
    SS_ERR_IO,     /* a system call failed */
    SS_ERR_CLOSED, /* the peer closed */
    SS_ERR_CONFIG, /* bad configuration, descriptor or route */
    /* of requests */
    SS_ERR_INVALID,           /* bad JSON, field, parameter: 400 */
    SS_ERR_BAD_HTTP,          /* framing or head not to be trusted: 400, and the connection closes */
    SS_ERR_FORBIDDEN,         /* another site's page, or a host that is not served: 403 */
    SS_ERR_NO_ROUTE,          /* 404 */
    SS_ERR_METHOD,            /* 405 */
    SS_ERR_REQUEST_TIMEOUT,   /* client too slow: 408 */
    SS_ERR_BODY_TOO_LARGE,    /* 413 */
    SS_ERR_TARGET_TOO_LONG,   /* 414 */
    SS_ERR_MEDIA_TYPE,        /* 415 */
    SS_ERR_EXPECTATION,       /* 417 */
    SS_ERR_UPGRADE_REQUIRED,  /* 426 */
    SS_ERR_HEADERS_TOO_LARGE, /* 431 */
    SS_ERR_NOT_IMPLEMENTED,   /* 501 */
    SS_ERR_HTTP_VERSION,      /* 505 */
    /* of calls */
    SS_ERR_CANCELLED,         /* the client went away: 499 */
    SS_ERR_DEADLINE,          /* 504 */
    SS_ERR_UNAVAILABLE,       /* the service cannot be reached: 503 */
    SS_ERR_MESSAGE_TOO_LARGE, /* the service's message is over the limit: RESOURCE_EXHAUSTED */
    SS_ERR_ANSWER_TOO_LARGE,  /* what the service sent is over the limit once it is JSON: likewise */
    SS_ERR_BAD_RESPONSE,      /* the service's bytes make no sense: INTERNAL */
    SS_ERR_INTERNAL,
    SS_ERR_COUNT
};

/* The gRPC code of e. */
enum ss_code ss_err_code(enum ss_err e);
/* The HTTP status of e, before any status_map. */
int ss_err_http(enum ss_err e);
/* A short lower-case English text, static. */
const char *ss_err_text(enum ss_err e);
/* "NOT_FOUND" for 5 and so on, static; NULL outside 0..16. */
const char *ss_code_name(int code);
/* The code of a name as above in any case; -1 if it is none. name is borrowed. */
int ss_code_from_name(const char *name, unsigned long len);
/* google.rpc.Code to HTTP status, as grpc-gateway and Envoy map them; codes outside 0..16 give 500. */
int ss_code_http(int code);

#endif
