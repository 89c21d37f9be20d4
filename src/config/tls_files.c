#include "config/tls_files.h"

#include "config/file.h"

static bool readable(struct ss_diag *d, const struct ss_tls_files *f)
{
    const struct ss_located *const paths[] = {&f->certificate, &f->private_key, &f->ca};
    bool ok = true;
    for (size_t i = 0; i < 3; i++)
        ok = ss_file_check(d, paths[i]) && ok;
    return ok;
}

/* The key whose file the text names; the last one named, as "key K does not fit certificate C" is about
 * either. */
static const struct ss_node *at_fault(const struct ss_tls_files *f, struct ss_slice why,
                                      const struct ss_node *other)
{
    const struct ss_located *const paths[] = {&f->private_key, &f->certificate, &f->ca};
    for (size_t i = 0; i < 3; i++)
        if (paths[i]->at && memmem(why.ptr, why.len, paths[i]->text.ptr, paths[i]->text.len))
            return paths[i]->at;
    return other;
}

static struct ss_tls *make(struct ss_diag *d, const struct ss_node *at, const struct ss_tls_files *f,
                           struct ss_slice server_name, bool server)
{
    struct ss_tls_config config = {
        .certificate = f->certificate.text,
        .private_key = f->private_key.text,
        .ca = f->ca.text,
        .server_name = server_name,
        .insecure_skip_verify = f->insecure_skip_verify,
    };
    struct ss_slice why = {0};
    struct ss_tls *tls = NULL;
    enum ss_err err = server ? ss_tls_server_new(&config, d->arena, &why, &tls)
                             : ss_tls_client_new(&config, d->arena, &why, &tls);
    if (err == SS_OK)
        return tls;
    if (why.len == 0)
        why = ss_slice_str(ss_err_text(err));
    ss_diag_at(d, at_fault(f, why, at), "%.*s", SS_FMT(why));
    return NULL;
}

struct ss_tls *ss_tls_files_server(struct ss_diag *d, const struct ss_node *node)
{
    static const struct ss_key keys[] = {
        {.name = "certificate",
         .decode = ss_decode_path,
         .offset = offsetof(struct ss_tls_files, certificate),
         .required = true},
        {.name = "private_key",
         .decode = ss_decode_path,
         .offset = offsetof(struct ss_tls_files, private_key),
         .required = true},
        {.name = "client_ca", .decode = ss_decode_path, .offset = offsetof(struct ss_tls_files, ca)},
    };
    struct ss_tls_files files = {0};
    size_t before = d->n_errors;
    ss_decode_map(d, node, &SS_KEYS(keys, &files), 1);
    bool ok = readable(d, &files) && d->n_errors == before;
    return ok ? make(d, node, &files, (struct ss_slice){0}, true) : NULL;
}

void ss_tls_files_decode_client(struct ss_diag *d, const struct ss_node *node, struct ss_tls_files *out)
{
    static const struct ss_key keys[] = {
        {.name = "ca", .decode = ss_decode_path, .offset = offsetof(struct ss_tls_files, ca)},
        {.name = "certificate",
         .decode = ss_decode_path,
         .offset = offsetof(struct ss_tls_files, certificate)},
        {.name = "private_key",
         .decode = ss_decode_path,
         .offset = offsetof(struct ss_tls_files, private_key)},
        {.name = "server_name",
         .decode = ss_decode_string,
         .offset = offsetof(struct ss_tls_files, server_name)},
        {.name = "insecure_skip_verify",
         .decode = ss_decode_bool,
         .offset = offsetof(struct ss_tls_files, insecure_skip_verify)},
    };
    ss_decode_map(d, node, &SS_KEYS(keys, out), 1);
    if (out->certificate.at && out->private_key.at == NULL)
        ss_diag_at(d, out->certificate.at, "\"certificate\" needs \"private_key\" beside it");
    if (out->private_key.at && out->certificate.at == NULL)
        ss_diag_at(d, out->private_key.at, "\"private_key\" needs \"certificate\" beside it");
}

struct ss_tls *ss_tls_files_client(struct ss_diag *d, const struct ss_node *at,
                                   const struct ss_tls_files *files, struct ss_slice server_name)
{
    bool whole = (files->certificate.at == NULL) == (files->private_key.at == NULL);
    if (!readable(d, files) || !whole)
        return NULL;
    return make(d, at, files, server_name, false);
}
