/* What the steps of loading share. The order is: read (read.c) → files (files.c) → declare (declare.c) →
 * enums, extensions, messages, services (build_*.c) → index (schema.c).
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

/* A file that takes part. */
struct ss_file {
    const pb_file *proto;
    struct ss_slice name;
    struct ss_slice package;
    struct ss_slice origin; /* of the set that it came in */
    size_t set;             /* the set's index; that of the built-in one is the number of those given */
    size_t order;           /* of arrival */
    bool on_demand, wanted; /* ours, to go unless imported; stays */
    bool imported;          /* by another file of its set */
    bool given;             /* asked for, not only imported */
    struct ss_features features;
    bool proto3; /* syntax; an edition is neither */
    bool proto2;
    /* for the walk over imports */
    enum { SS_FILE_NEW, SS_FILE_ACTIVE, SS_FILE_DONE } state;
    size_t next_import;
    bool *weak; /* which imports may be missing; NULL: none */
    struct ss_file *importer;
};

struct ss_extension_def;

struct ss_message_def {
    struct ss_message_def *next; /* in order of declaration */
    const pb_message *proto;
    const struct ss_file *file;
    const struct ss_symbol *symbol;
    struct ss_features features;
    struct ss_message *out;
    struct ss_extension_def *extensions, **extensions_tail; /* of this message, wherever they are declared */
    size_t n_extensions;
    const Google__Protobuf__DescriptorProto__ExtensionRange **ranges; /* ascending */
};

struct ss_enum_def {
    struct ss_enum_def *next;
    const pb_enum *proto;
    const struct ss_file *file;
    const struct ss_symbol *symbol;
    struct ss_features features;
    struct ss_enum *out;
};

struct ss_service_def {
    struct ss_service_def *next;
    const pb_service *proto;
    const struct ss_file *file;
    const struct ss_symbol *symbol;
};

struct ss_extension_def {
    struct ss_extension_def *next;    /* in order of declaration */
    struct ss_extension_def *sibling; /* the next one of the same message */
    const pb_field *proto;
    const struct ss_file *file;
    const struct ss_symbol *symbol;
    const struct ss_features *features; /* of the scope that it stands in */
};

struct ss_load {
    struct ss_arena *why_arena;
    struct ss_slice *why;
    struct ss_arena work;
    struct ss_schema *schema;
    struct ss_file **files; /* in order of arrival */
    size_t n_files;
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
 * schema, the second as long as the load. */
void *ss_load_keep(struct ss_load *l, size_t n, size_t size);
void *ss_load_work(struct ss_load *l, size_t n, size_t size);
/* A copy as long-lived as the schema; ptr is NULL when the cap is reached. */
struct ss_slice ss_load_copy(struct ss_load *l, struct ss_slice s);
/* The full name of symbol, as long-lived as the schema; ptr is NULL when the cap is reached. */
struct ss_slice ss_load_full_name(struct ss_load *l, const struct ss_symbol *symbol);

/* Unpacks the built-in set and those given; fills files. */
enum ss_err ss_load_read(struct ss_load *l, const struct ss_descriptor_set *sets, size_t n);
/* Says which files are given (given.c). */
enum ss_err ss_load_given(struct ss_load *l, const struct ss_descriptor_set *sets, size_t n_sets);
/* Chooses between files of one name, checks imports, resolves editions and features of files. */
enum ss_err ss_load_files(struct ss_load *l);
/* NULL when there is none. */
struct ss_file *ss_load_find_file(const struct ss_load *l, struct ss_slice name);
/* Enters all symbols and makes the lists of definitions. */
enum ss_err ss_load_declare(struct ss_load *l);
enum ss_err ss_load_enums(struct ss_load *l);
/* Makes the messages, still empty but for what other messages ask of them: index, map_entry, message_set. */
enum ss_err ss_load_allocate_messages(struct ss_load *l);
/* Gives every extension to the message that it extends. */
enum ss_err ss_load_extensions(struct ss_load *l);
bool ss_load_in_extension_range(const struct ss_message_def *def, int32_t number);
enum ss_err ss_load_messages(struct ss_load *l);
enum ss_err ss_load_services(struct ss_load *l);

/* One field or extension of def, into f. features are those of its scope: message or oneof, or what the
 * extension stands in. number, type and names are checked; its place among the fields is the caller's. */
enum ss_err ss_load_field(struct ss_load *l, const struct ss_message_def *def, const struct ss_file *file,
                          const struct ss_symbol *symbol, const pb_field *p,
                          const struct ss_features *features, struct ss_field *f);

#endif
