#include "config/cli.h"

#define SCHEMA_FLAGS                                                                                         \
    "  --config FILE        the configuration (SIDESPAN_CONFIG)\n"                                           \
    "or, with no file, one upstream with POST /pkg.Service/Method for each method that has no annotation:\n" \
    "  --upstream TARGET    HOST:PORT or a gRPC target (SIDESPAN_UPSTREAM)\n"                                \
    "  --plaintext          no TLS to the upstream (SIDESPAN_PLAINTEXT)\n"                                   \
    "  --descriptor FILE    its FileDescriptorSet (SIDESPAN_DESCRIPTOR), or\n"                               \
    "  --proto FILE         its .proto, compiled by protoc (SIDESPAN_PROTO); both as often as wanted\n"      \
    "  --include FOLDER     where imports of a .proto are, beside its own folder (SIDESPAN_INCLUDE)\n"       \
    "                       (a variable holds several paths between colons; google/api, google/rpc and\n"    \
    "                       google/protobuf are in the binary)\n"

static const char general[] =
    "sidespan: a REST-to-gRPC sidecar\n"
    "\n"
    "  sidespan serve --config FILE          run\n"
    "  sidespan serve --upstream HOST:PORT [--plaintext] {--descriptor FILE.pb | --proto FILE.proto}…\n"
    "                                        run without a configuration file\n"
    "  sidespan check --config FILE          load everything and print what is wrong\n"
    "  sidespan routes --config FILE         print the route table\n"
    "  sidespan call --config FILE pkg.Service.Method [JSON]\n"
    "                                        call a service directly, without a route, and print what it "
    "answers\n"
    "  sidespan explain --config FILE HTTP-METHOD PATH [BODY]\n"
    "                                        say what a request would become, without calling the service\n"
    "  sidespan version                      print the version\n"
    "  sidespan help [COMMAND]               print this, or the flags of a command\n"
    "\n"
    "Every flag has an environment variable; the flag wins.\n"
    "Exit codes: 0; 1 for bad configuration; 2 for bad usage; 3 for a call that failed, or a request that\n"
    "is refused.\n";

static const char serve[] =
    "sidespan serve: run until SIGTERM, SIGINT or SIGQUIT\n"
    "\n" SCHEMA_FLAGS
    "  --listen ADDRESS     REST, 127.0.0.1:8080 by default, or unix:/path (SIDESPAN_LISTEN)\n"
    "  --admin ADDRESS      health, 127.0.0.1:9901 by default, or off (SIDESPAN_ADMIN)\n"
    "in both cases:\n"
    "  --workers N          worker threads; 0: as many as the CPU quota allows (SIDESPAN_WORKERS)\n"
    "  --log-format FORMAT  of every line: text or json (SIDESPAN_LOG_FORMAT)\n"
    "  --log-level LEVEL    debug, info, warn or error (SIDESPAN_LOG_LEVEL)\n"
    "  --access-log FORMAT  a line per request: text, json or off; as --log-format by default\n"
    "                       (SIDESPAN_ACCESS_LOG)\n";

static const char check[] =
    "sidespan check: load everything; print every error as file:line:column, and exit 1 if there "
    "is one.\n"
    "Warnings, for instance of a google.api.http annotation that is left out, are printed too.\n"
    "\n" SCHEMA_FLAGS "  --strict             warnings are errors (SIDESPAN_STRICT)\n";

static const char routes[] =
    "sidespan routes: print HTTP method, path, gRPC method and streaming kind of every route\n"
    "\n" SCHEMA_FLAGS;

static const char call[] =
    "sidespan call: call a method of an upstream directly, by the same code that serves requests but without "
    "a\n"
    "route, and print what comes as JSON, a stream line by line\n"
    "\n"
    "  sidespan call FLAGS package.Service.Method [JSON]\n"
    "\n"
    "JSON is the request; without it, or with -, it is read from stdin. A client-streaming method takes one\n"
    "message a line, and sends each as it comes. An error is printed to stderr, on its last line, as a\n"
    "google.rpc.Status; the exit code is then 3.\n"
    "\n" SCHEMA_FLAGS
    "  -H NAME:VALUE        metadata, as a client's header would become; as often as wanted\n"
    "  --timeout DURATION   5s, 400ms; by default that of the method's route (SIDESPAN_TIMEOUT)\n";

static const char explain[] =
    "sidespan explain: say which rule a request matches, what each variable, parameter and the body binds "
    "to,\n"
    "which message and metadata go to which upstream, or why it is refused. The request is served as any is, "
    "before\n"
    "a service of sidespan's own; nobody is called\n"
    "\n"
    "  sidespan explain FLAGS HTTP-METHOD PATH [BODY]\n"
    "\n"
    "PATH is as on the wire, with its query. BODY is the body: JSON, unless a content-type header says "
    "otherwise;\n"
    "- reads it from stdin, @FILE from a file. The exit code is 3 when the request would be refused.\n"
    "\n" SCHEMA_FLAGS
    "  -H NAME:VALUE        a header of the request; as often as wanted. Host is localhost without one\n";

const char *ss_cli_help(const char *topic)
{
    static const struct {
        const char *topic, *text;
    } texts[] = {
        {"serve", serve},  {"check", check},     {"routes", routes},
        {"call", call},    {"explain", explain}, {"version", "sidespan version: print the version\n"},
        {"help", general},
    };
    if (topic == NULL)
        return general;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (strcmp(topic, texts[i].topic) == 0)
            return texts[i].text;
    return NULL;
}
