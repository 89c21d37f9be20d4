/* What address.c gives to the rest of this layer. */
#ifndef SS_NET_ADDRESS_IMPL_H
#define SS_NET_ADDRESS_IMPL_H

#include "net/address.h"

/* A numeric host, IPv6 with or without brackets. SS_ERR_INVALID otherwise. */
enum ss_err ss_address_parse_host(struct ss_slice host, uint16_t port, struct ss_address *out);

#endif
