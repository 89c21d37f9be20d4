/* What the bytes of a message are by its descriptor. The suite tells apart bytes that cannot be read from
 * messages that have no JSON form, and sidespan does not: to a client both are an answer that makes no sense.
 * And JSON carries no unknown fields. */
#ifndef SS_TESTS_CONFORMANCE_WIRE_FORM_H
#define SS_TESTS_CONFORMANCE_WIRE_FORM_H

#include "schema/schema.h"

enum wire_form {
    WIRE_MALFORMED, /* cut off, a bad tag, a string that must be UTF-8 and is not, nested too deep */
    WIRE_UNKNOWN,   /* some field, or number of a closed enum, is not in the descriptor */
    WIRE_KNOWN,
};

/* bytes are borrowed for the call. */
enum wire_form wire_form_of(const struct ss_message *m, struct ss_slice bytes);

#endif
