/* What the steps of loading share. The order is: read heads (read.c) → files (files.c) → declare (declare.c),
 * file by file → extensions → messages and services (build_*.c), file by file → index (schema.c).
 *
 * A file is open, which is to say unpacked by protobuf-c, in declare and again when it is built, and one at a
 * time: all of them open would take three times what stays of them in the end.
 *
 * Names and definitions of a load are in its work arena and go with it; what ends up in the schema is copied.
 * Both arenas have a cap, since descriptors may come from a peer: every allocation here can fail, and then
 * the load does. */
#ifndef SS_SCHEMA_LOAD_H
#define SS_SCHEMA_LOAD_H

#include "google/protobuf/descriptor.pb-c.h"
#include "schema/features.h"
#include "schema/schema_private.h"
#include "schema/symbols.h"

typedef Google__Protobuf__FileDescriptorSet pb_set;
typedef Google__Protobuf__FileDescriptorProto pb_file;
typedef Google__Protobuf__DescriptorProto pb_message;
typedef Google__Protobuf__FieldDescriptorProto pb_field;
typedef Google__Protobuf__EnumDescriptorProto pb_enum;
typedef Google__Protobuf__ServiceDescriptorProto pb_service;
typedef Google__Protobuf__MethodDescriptorProto pb_method;

/* A file that takes part. Slices point into the bytes of its set. */
struct ss_file {
    struct ss_file *next; /* as read */
    struct ss_slice bytes;
    struct ss_slice name, package, syntax;
    struct ss_slice *dependencies;
    size_t n_dependencies;
    bool *weak;             /* which of them may be missing; NULL: none */
    struct ss_slice origin; /* of the set that it came in */
    size_t set;             /* the set's index; that of the built-in one is the number of those given */
    size_t order;           /* of arrival */
    bool has_edition;
    uint64_t edition;
    const struct ss_symbol *scope; /* its package */
    struct ss_features features;
    bool proto3; /* syntax; an edition is neither */
    bool proto2;
    bool of_buf, is_import; /* Buf wrote it, and says that it is an import */
    bool imported;          /* by another file of its set */
    bool given;             /* asked for, not only imported */
    bool on_demand, wanted; /* ours, to go unless imported; stays */
    bool of_options;        /* it extends options, or is google.api: what it declares is of no request */
    /* for the walk over imports */
    enum { SS_FILE_NEW, SS_FILE_ACTIVE, SS_FILE_DONE } state;
    size_t next_import;
    struct ss_file *importer;
};

/* What a definition means, so that equal ones can be told (digest.c). */
struct ss_digest {
    uint64_t a, b;
};

struct ss_number_range {
    int32_t start, end; /* end is exclusive */
};

struct ss_extension_def;

/* What is kept of a definition while its file is closed; proto is there while it is open. */
struct ss_message_def {
    struct ss_message_def *next; /* in order of declaration */
    const pb_message *proto;
    const struct ss_file *file;
    const struct ss_symbol *symbol;
    struct ss_slice full_name;
    struct ss_digest digest; /* of one that is not nested */
    struct ss_features features;
    bool map_entry, message_set;
    struct ss_message *out;
    struct ss_extension_def *extensions, **extensions_tail; /* of this message, wherever they are declared */
    size_t n_extensions;
    struct ss_number_range *ranges; /* of extensions, ascending */
    size_t n_ranges;
};

struct ss_enum_def {
    struct ss_enum_def *next;
    const struct ss_file *file;
    const struct ss_symbol *symbol;
    struct ss_digest digest; /* of one that is not nested */
    struct ss_features features;
    struct ss_enum *out;
};

struct ss_service_def {
    struct ss_service_def *next;
    const struct ss_file *file;
    const struct ss_symbol *symbol;
    struct ss_slice full_name;
    struct ss_digest digest;
    struct ss_service *out;
    bool given; /* by any file that declares it */
};

struct ss_extension_def {
    struct ss_extension_def *next;    /* in order of declaration */
    struct ss_extension_def *sibling; /* the next one of the same message */
    const pb_field *proto;            /* a copy */
    const struct ss_file *file;
    const struct ss_symbol *symbol;
    struct ss_digest digest;            /* of one that is not nested */
    const struct ss_features *features; /* of the scope that it stands in */
};

struct ss_load {
    struct ss_arena *why_arena;
    struct ss_slice *why;
    struct ss_arena work;
    struct ss_arena scratch; /* of the file that is open */
    struct ss_schema *schema;
    struct ss_file **files; /* in order of arrival */
    size_t n_files, n_sets;
    pb_file *open;             /* NULL: none */
    struct ss_symbols members; /* fields, oneofs and methods of the open file, which nothing else refers to */
    struct ss_file **files_by_name;
    struct ss_symbols symbols;
    struct ss_message_def *messages, **messages_tail;
    struct ss_enum_def *enums, **enums_tail;
    struct ss_service_def *services, **services_tail;
    struct ss_extension_def *extensions, **extensions_tail;
    size_t n_messages, n_enums, n_services;
};

/* Sets *why to "ORIGIN: FILE: SYMBOL: text" in one line. file and symbol may be NULL. Returns SS_ERR_CONFIG.
 */
enum ss_err ss_load_fail(struct ss_load *l, const struct ss_file *file, const struct ss_symbol *symbol,
                         const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* "ORIGIN: text" */
enum ss_err ss_load_fail_set(struct ss_load *l, struct ss_slice origin, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
enum ss_err ss_load_too_large(struct ss_load *l);
/* Zeroed; NULL when the cap is reached (the caller returns ss_load_too_large). The first lives as long as the
 * schema, the second as long as the load, the third as long as the open file. */
void *ss_load_keep(struct ss_load *l, size_t n, size_t size);
void *ss_load_work(struct ss_load *l, size_t n, size_t size);
void *ss_load_scratch(struct ss_load *l, size_t n, size_t size);
/* A copy as long-lived as the schema; ptr is NULL when the cap is reached. */
struct ss_slice ss_load_copy(struct ss_load *l, struct ss_slice s);
/* The full name of symbol, as long-lived as the schema; ptr is NULL when the cap is reached. */
struct ss_slice ss_load_full_name(struct ss_load *l, const struct ss_symbol *symbol);

/* Reads the heads of the files of the sets given and of the built-in one; fills files. */
enum ss_err ss_load_read(struct ss_load *l, const struct ss_descriptor_set *sets, size_t n);
/* Unpacks a file into scratch, as `open`, until it is closed; one at a time. */
enum ss_err ss_load_open(struct ss_load *l, const struct ss_file *f);
void ss_load_close(struct ss_load *l);
/* A copy in work; NULL when the cap is reached. */
pb_field *ss_load_keep_field(struct ss_load *l, const pb_field *p);
/* Says which files are given (given.c). */
enum ss_err ss_load_given(struct ss_load *l, const struct ss_descriptor_set *sets);
/* Chooses between files of one name, checks imports, reads syntax and edition. */
enum ss_err ss_load_files(struct ss_load *l);
/* The file that one of that set means by a name: its set's own, else the first. NULL when there is none. */
struct ss_file *ss_load_find_file(const struct ss_load *l, struct ss_slice name, size_t set);
/* Enters all symbols but those of members, and makes the lists of definitions; builds enums. */
enum ss_err ss_load_declare(struct ss_load *l);
/* Adds a member of scope to `members`. NULL when there is something of that name in scope, or the cap is
 * reached; it then has said why. */
struct ss_symbol *ss_load_member(struct ss_load *l, const struct ss_file *file, const struct ss_symbol *scope,
                                 const char *name, enum ss_symbol_kind kind);
enum ss_err ss_load_enum(struct ss_load *l, struct ss_enum_def *def, const pb_enum *p);
/* Makes the messages, still empty but for what other messages ask of them: index, map_entry, message_set. */
enum ss_err ss_load_allocate_messages(struct ss_load *l);
/* Gives every extension to the message that it extends. */
enum ss_err ss_load_extensions(struct ss_load *l);
bool ss_load_in_extension_range(const struct ss_message_def *def, int32_t number);
/* Copies and checks the ranges of def, whose proto is there. */
enum ss_err ss_load_ranges(struct ss_load *l, struct ss_message_def *def);
/* Builds the messages of the open file that stand in scope, or below. */
enum ss_err ss_load_messages(struct ss_load *l, const struct ss_file *f, const struct ss_symbol *scope,
                             pb_message **v, size_t n);
enum ss_err ss_load_allocate_services(struct ss_load *l);
/* Builds the services of the open file. */
enum ss_err ss_load_services(struct ss_load *l, const struct ss_file *f, const struct ss_symbol *package);

struct ss_digest ss_digest_of_message(const struct ss_file *f, const pb_message *p);
struct ss_digest ss_digest_of_enum(const struct ss_file *f, const pb_enum *p);
struct ss_digest ss_digest_of_service(const pb_service *p);
struct ss_digest ss_digest_of_extension(const struct ss_file *f, const pb_field *p);

/* One field or extension of def, into f. features are those of its scope: message or oneof, or what the
 * extension stands in. number, type and names are checked; its place among the fields is the caller's. */
enum ss_err ss_load_field(struct ss_load *l, const struct ss_message_def *def, const struct ss_file *file,
                          const struct ss_symbol *symbol, const pb_field *p,
                          const struct ss_features *features, struct ss_field *f);

#endif
