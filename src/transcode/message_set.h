/* Message sets (option message_set_wire_format): proto2's ancestor of Any. Their extensions are not fields on
 * the wire but items, each a group of a type number and a message:
 *
 *     repeated group Item = 1 {
 *       required int32 type_id = 2;     the extension's field number, which may be above 2^29 here
 *       required bytes message = 3;
 *     }
 *
 * Readers also take an extension as the ordinary field that it would be elsewhere. */
#ifndef SS_TRANSCODE_MESSAGE_SET_H
#define SS_TRANSCODE_MESSAGE_SET_H

#include "schema/schema.h"
#include "wire/tag.h"

enum {
    SS_SET_ITEM = 1 << 3 | SS_WIRE_GROUP, /* the tags */
    SS_SET_TYPE = 2 << 3 | SS_WIRE_VARINT,
    SS_SET_MESSAGE = 3 << 3 | SS_WIRE_BYTES,
};

/* The extension of m, a message set, that an item is, and in *message its bytes; NULL when m has none of that
 * number, or the item has no message. p is behind the item's tag; the item must be well-formed and end before
 * end. Of several type numbers or messages in an item the first counts. */
const struct ss_field *ss_set_item_get(const struct ss_message *m, const char *p, const char *end,
                                       struct ss_slice *message);

#endif
