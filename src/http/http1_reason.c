#include "http/http1_reason.h"

#include "http/http1.h"

struct entry {
    const char *line; /* the whole status line */
    const char *reason;
    size_t line_len;
};

#define ENTRY(status, reason)                                                                                \
    [(status)-100] = {"HTTP/1.1 " #status " " reason "\r\n", (reason),                                       \
                      sizeof("HTTP/1.1 " #status " " reason "\r\n") - 1}

static const struct entry ENTRIES[] = {
    ENTRY(100, "Continue"),
    ENTRY(101, "Switching Protocols"),
    ENTRY(102, "Processing"),
    ENTRY(103, "Early Hints"),
    ENTRY(200, "OK"),
    ENTRY(201, "Created"),
    ENTRY(202, "Accepted"),
    ENTRY(203, "Non-Authoritative Information"),
    ENTRY(204, "No Content"),
    ENTRY(205, "Reset Content"),
    ENTRY(206, "Partial Content"),
    ENTRY(207, "Multi-Status"),
    ENTRY(208, "Already Reported"),
    ENTRY(226, "IM Used"),
    ENTRY(300, "Multiple Choices"),
    ENTRY(301, "Moved Permanently"),
    ENTRY(302, "Found"),
    ENTRY(303, "See Other"),
    ENTRY(304, "Not Modified"),
    ENTRY(305, "Use Proxy"),
    ENTRY(307, "Temporary Redirect"),
    ENTRY(308, "Permanent Redirect"),
    ENTRY(400, "Bad Request"),
    ENTRY(401, "Unauthorized"),
    ENTRY(402, "Payment Required"),
    ENTRY(403, "Forbidden"),
    ENTRY(404, "Not Found"),
    ENTRY(405, "Method Not Allowed"),
    ENTRY(406, "Not Acceptable"),
    ENTRY(407, "Proxy Authentication Required"),
    ENTRY(408, "Request Timeout"),
    ENTRY(409, "Conflict"),
    ENTRY(410, "Gone"),
    ENTRY(411, "Length Required"),
    ENTRY(412, "Precondition Failed"),
    ENTRY(413, "Content Too Large"),
    ENTRY(414, "URI Too Long"),
    ENTRY(415, "Unsupported Media Type"),
    ENTRY(416, "Range Not Satisfiable"),
    ENTRY(417, "Expectation Failed"),
    ENTRY(421, "Misdirected Request"),
    ENTRY(422, "Unprocessable Content"),
    ENTRY(423, "Locked"),
    ENTRY(424, "Failed Dependency"),
    ENTRY(425, "Too Early"),
    ENTRY(426, "Upgrade Required"),
    ENTRY(428, "Precondition Required"),
    ENTRY(429, "Too Many Requests"),
    ENTRY(431, "Request Header Fields Too Large"),
    ENTRY(451, "Unavailable For Legal Reasons"),
    ENTRY(499, "Client Closed Request"), /* nginx's; google.rpc.Code CANCELLED maps to it */
    ENTRY(500, "Internal Server Error"),
    ENTRY(501, "Not Implemented"),
    ENTRY(502, "Bad Gateway"),
    ENTRY(503, "Service Unavailable"),
    ENTRY(504, "Gateway Timeout"),
    ENTRY(505, "HTTP Version Not Supported"),
    ENTRY(506, "Variant Also Negotiates"),
    ENTRY(507, "Insufficient Storage"),
    ENTRY(508, "Loop Detected"),
    ENTRY(511, "Network Authentication Required"),
};

static const struct entry *find(int status)
{
    if (status < 100 || (size_t)(status - 100) >= sizeof ENTRIES / sizeof ENTRIES[0])
        return NULL;
    const struct entry *e = &ENTRIES[status - 100];
    return e->line ? e : NULL;
}

struct ss_slice ss_http1_status_line(int status)
{
    const struct entry *e = find(status);
    return e ? ss_slice_of(e->line, e->line_len) : ss_slice_of(NULL, 0);
}

const char *ss_http_reason(int status)
{
    const struct entry *e = find(status);
    return e ? e->reason : "Unknown";
}
