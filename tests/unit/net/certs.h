/* Certificates made by the openssl command in a directory that lives as long as the test program. */
#ifndef SS_TESTS_NET_CERTS_H
#define SS_TESTS_NET_CERTS_H

#include "net/harness.h"

static char certs_dir[] = "/tmp/ss-certs-XXXXXX";

static inline struct ss_slice cert_path(const char *name)
{
    static char paths[32][64];
    static unsigned next;
    char *p = paths[next++ % 32];
    snprintf(p, sizeof(paths[0]), "%s/%s", certs_dir, name);
    return ss_slice_str(p);
}

/* Two authorities (ca, other); server (localhost, *.example.test, 127.0.0.1), named (elsewhere.test), client,
 * and expired ones of ca; an encrypted key; a file that is no PEM; an empty one. */
static inline int certs_make(void **state)
{
    static const char script[] =
        "cd %s && exec 2>log && set -e; "
        "k() { openssl ecparam -name prime256v1 -genkey -noout -out $1.key; }; "
        "a() { k $1; openssl req -x509 -new -key $1.key -subj /CN=$1 -days 2 -out $1.crt; }; "
        "c() { n=$1 s=$2 d=$3; k $n; openssl req -new -key $n.key -subj /CN=$n -out $n.csr; "
        "  printf \"subjectAltName=$s\\n\" >$n.ext; "
        "  openssl x509 -req -in $n.csr -CA ca.crt -CAkey ca.key -CAcreateserial -extfile $n.ext -days $d "
        "-out $n.crt; }; "
        "a ca; a other; "
        "c server DNS:localhost,DNS:*.example.test,IP:127.0.0.1 2; c named DNS:elsewhere.test 2; "
        "c client DNS:client 2; "
        "cp server.key expired.key; openssl req -new -key expired.key -subj /CN=old -out expired.csr; "
        "openssl x509 -req -in expired.csr -CA ca.crt -CAkey ca.key -CAcreateserial -extfile server.ext "
        "  -days -1 -out expired.crt; "
        "openssl ec -in server.key -aes128 -passout pass:secret -out encrypted.key; "
        "echo nonsense >nonsense; : >empty";
    char command[2048];
    (void)state;
    if (mkdtemp(certs_dir) == NULL)
        return -1;
    snprintf(command, sizeof(command), script, certs_dir);
    return system(command);
}

static inline int certs_remove(void **state)
{
    char command[64];
    (void)state;
    snprintf(command, sizeof(command), "rm -rf %s", certs_dir);
    return system(command);
}

#endif
