/* Frames, on wslay's frame layer, which finds them, unmasks them, and checks lengths and control frames. What
 * it leaves open is checked here when a frame's payload begins: masks, reserved bits, opcodes, the order of
 * fragments, sizes; and UTF-8 when a message is whole.
 *
 * wslay reads ahead into a buffer of its own. A message that lies there whole is handed out as a view of it.
 */
#include "http/websocket.h"

#include <wslay/wslay.h>

#include "base/mem.h"
#include "base/utf8.h"

enum state { OPEN, CLOSING, DONE };

enum { MAX_CONTROL = 125, MAX_HEAD = 10 };

struct ss_websocket {
    wslay_frame_context_ptr frames;
    struct ss_slice in; /* what is being pushed, as far as wslay has not taken it */
    struct ss_buf *out; /* of the call that is running */
    struct ss_buf text; /* of a message in pieces */
    size_t max;         /* bytes of a message */
    uint64_t left;      /* payload bytes of the frame still to come */
    uint8_t state;
    uint8_t message; /* opcode of the message being read, 0 between messages */
    uint8_t opcode;  /* of the frame */
    uint8_t control_len;
    bool frame, fin;           /* in the middle of one; it ends its message */
    bool given;                /* text was handed out by the last call */
    char control[MAX_CONTROL]; /* payload of a control frame */
};

static ssize_t on_recv(uint8_t *to, size_t n, int flags, void *user)
{
    struct ss_websocket *ws = user;
    (void)flags;
    if (n > ws->in.len)
        n = ws->in.len;
    if (n == 0)
        return -1; /* wslay then wants to read */
    memcpy(to, ws->in.ptr, n);
    ws->in = ss_slice_skip(ws->in, n);
    return (ssize_t)n;
}

/* There is room: send makes it. */
static ssize_t on_send(const uint8_t *p, size_t n, int flags, void *user)
{
    struct ss_websocket *ws = user;
    (void)flags;
    return ss_buf_append(ws->out, (const char *)p, n) == SS_OK ? (ssize_t)n : -1;
}

static const struct wslay_frame_callbacks callbacks = {.send_callback = on_send, .recv_callback = on_recv};

struct ss_websocket *ss_websocket_new(size_t max_message)
{
    struct ss_websocket *ws = ss_xcalloc(1, sizeof *ws);
    ws->max = max_message;
    ss_buf_init(&ws->text, max_message ? max_message : 1);
    if (wslay_frame_context_init(&ws->frames, &callbacks, ws) != 0) {
        ss_free(ws);
        return NULL;
    }
    return ws;
}

void ss_websocket_free(struct ss_websocket *ws)
{
    if (ws == NULL)
        return;
    wslay_frame_context_free(ws->frames);
    ss_buf_dispose(&ws->text);
    ss_free(ws);
}

/* ---- out ---- */

static enum ss_err send_frame(struct ss_websocket *ws, uint8_t opcode, struct ss_slice payload,
                              struct ss_buf *out)
{
    enum ss_err err =
        payload.len < SIZE_MAX - MAX_HEAD ? ss_buf_reserve(out, payload.len + MAX_HEAD) : SS_ERR_LIMIT;
    if (err != SS_OK)
        return err;
    struct wslay_frame_iocb frame = {.fin = 1,
                                     .opcode = opcode,
                                     .payload_length = payload.len,
                                     .data = (const uint8_t *)payload.ptr,
                                     .data_length = payload.len};
    ws->out = out;
    ssize_t sent = wslay_frame_send(ws->frames, &frame);
    ws->out = NULL;
    return sent == (ssize_t)payload.len ? SS_OK : SS_ERR_INTERNAL;
}

static enum ss_err send_message(struct ss_websocket *ws, uint8_t opcode, struct ss_slice payload,
                                struct ss_buf *out)
{
    return ws->state == OPEN ? send_frame(ws, opcode, payload, out) : SS_ERR_CLOSED;
}

enum ss_err ss_websocket_text(struct ss_websocket *ws, struct ss_slice text, struct ss_buf *out)
{
    return send_message(ws, WSLAY_TEXT_FRAME, text, out);
}

enum ss_err ss_websocket_binary(struct ss_websocket *ws, struct ss_slice bytes, struct ss_buf *out)
{
    return send_message(ws, WSLAY_BINARY_FRAME, bytes, out);
}

enum ss_err ss_websocket_ping(struct ss_websocket *ws, struct ss_slice payload, struct ss_buf *out)
{
    if (payload.len > MAX_CONTROL)
        return SS_ERR_INVALID;
    return send_message(ws, WSLAY_PING, payload, out);
}

/* RFC 6455 §7.4 and the registry that it made: 1004 to 1006 and 1015 stand for what was never sent. */
static bool code_valid(unsigned code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

static enum ss_err send_close(struct ss_websocket *ws, uint16_t code, struct ss_slice reason,
                              struct ss_buf *out)
{
    char payload[2 + SS_WEBSOCKET_REASON];
    size_t n = reason.len < SS_WEBSOCKET_REASON ? reason.len : SS_WEBSOCKET_REASON;
    n = ss_utf8_valid_len(ss_slice_of(reason.ptr, n));
    payload[0] = (char)(code >> 8);
    payload[1] = (char)code;
    if (n)
        memcpy(payload + 2, reason.ptr, n);
    return send_frame(ws, WSLAY_CONNECTION_CLOSE, ss_slice_of(payload, 2 + n), out);
}

enum ss_err ss_websocket_close(struct ss_websocket *ws, uint16_t code, struct ss_slice reason,
                               struct ss_buf *out)
{
    if (!code_valid(code))
        return SS_ERR_INVALID;
    if (ws->state != OPEN)
        return SS_ERR_CLOSED;
    enum ss_err err = send_close(ws, code, reason, out);
    if (err == SS_OK)
        ws->state = CLOSING;
    return err;
}

bool ss_websocket_closing(const struct ss_websocket *ws)
{
    return ws->state != OPEN;
}

bool ss_websocket_done(const struct ss_websocket *ws)
{
    return ws->state == DONE;
}

/* ---- in ---- */

/* The client broke the rules: it is told so, once, and nothing more is read. */
static enum ss_err fail(struct ss_websocket *ws, uint16_t code, const char *why,
                        struct ss_websocket_event *event, struct ss_buf *out)
{
    bool open = ws->state == OPEN;
    ws->state = DONE;
    *event = (struct ss_websocket_event){
        .kind = SS_WEBSOCKET_CLOSE, .bytes = ss_slice_str(why), .code = code, .local = true};
    return open ? send_close(ws, code, event->bytes, out) : SS_OK;
}

static bool is_control(uint8_t opcode)
{
    return wslay_is_ctrl_frame(opcode);
}

/* What is wrong with a frame, by its head; NULL when nothing is. */
static const char *check_head(const struct ss_websocket *ws, const struct wslay_frame_iocb *f)
{
    if (!f->mask)
        return "frame without a mask";
    if (f->rsv)
        return "reserved bit set";
    switch (f->opcode) {
    case WSLAY_CONTINUATION_FRAME:
        return ws->message ? NULL : "continuation of nothing";
    case WSLAY_TEXT_FRAME:
    case WSLAY_BINARY_FRAME:
        return ws->message ? "message within a message" : NULL;
    case WSLAY_CONNECTION_CLOSE:
    case WSLAY_PING:
    case WSLAY_PONG:
        return NULL;
    default:
        return "unknown opcode";
    }
}

static void begin_frame(struct ss_websocket *ws, const struct wslay_frame_iocb *f)
{
    ws->frame = true;
    ws->fin = f->fin;
    ws->opcode = f->opcode;
    ws->left = f->payload_length;
    if (is_control(f->opcode))
        ws->control_len = 0;
    else if (f->opcode != WSLAY_CONTINUATION_FRAME)
        ws->message = f->opcode;
}

static enum ss_err end_message(struct ss_websocket *ws, struct ss_slice bytes,
                               struct ss_websocket_event *event, struct ss_buf *out)
{
    bool text = ws->message == WSLAY_TEXT_FRAME;
    ws->message = 0;
    if (text && !ss_utf8_valid(bytes))
        return fail(ws, SS_WEBSOCKET_BAD_DATA, "text is not UTF-8", event, out);
    ws->given = true;
    event->kind = text ? SS_WEBSOCKET_TEXT : SS_WEBSOCKET_BINARY;
    event->bytes = bytes;
    return SS_OK;
}

static enum ss_err data_payload(struct ss_websocket *ws, struct ss_slice piece,
                                struct ss_websocket_event *event, struct ss_buf *out)
{
    bool whole = ws->left == 0 && ws->fin;
    if (whole && ws->text.len == 0)
        return end_message(ws, piece, event, out);
    enum ss_err err = ss_buf_append_slice(&ws->text, piece);
    if (err == SS_OK && whole)
        err = end_message(ws, ss_buf_slice(&ws->text), event, out);
    return err;
}

static enum ss_err on_close(struct ss_websocket *ws, struct ss_websocket_event *event, struct ss_buf *out)
{
    const unsigned char *p = (const unsigned char *)ws->control;
    unsigned code = SS_WEBSOCKET_NO_STATUS;
    struct ss_slice reason = {0};
    if (ws->control_len) {
        code = ws->control_len == 1 ? 0 : (unsigned)p[0] << 8 | p[1];
        if (!code_valid(code))
            return fail(ws, SS_WEBSOCKET_PROTOCOL_ERROR, "bad close code", event, out);
        reason = ss_slice_of(ws->control + 2, (size_t)ws->control_len - 2);
        if (!ss_utf8_valid(reason))
            return fail(ws, SS_WEBSOCKET_BAD_DATA, "close reason is not UTF-8", event, out);
    }
    bool open = ws->state == OPEN;
    ws->state = DONE;
    event->kind = SS_WEBSOCKET_CLOSE;
    event->code = (uint16_t)code;
    event->bytes = reason;
    if (!open)
        return SS_OK;
    /* §5.5.1: the answer echoes the code */
    return ws->control_len ? send_close(ws, (uint16_t)code, SS_LIT(""), out)
                           : send_frame(ws, WSLAY_CONNECTION_CLOSE, SS_LIT(""), out);
}

static enum ss_err control_payload(struct ss_websocket *ws, struct ss_slice piece,
                                   struct ss_websocket_event *event, struct ss_buf *out)
{
    if (piece.len > sizeof ws->control - ws->control_len)
        return SS_ERR_INTERNAL; /* wslay refuses longer ones */
    if (piece.len)
        memcpy(ws->control + ws->control_len, piece.ptr, piece.len);
    ws->control_len = (uint8_t)(ws->control_len + piece.len);
    if (ws->left)
        return SS_OK;
    event->bytes = ss_slice_of(ws->control, ws->control_len);
    if (ws->opcode == WSLAY_CONNECTION_CLOSE)
        return on_close(ws, event, out);
    event->kind = ws->opcode == WSLAY_PING ? SS_WEBSOCKET_PING : SS_WEBSOCKET_PONG;
    if (ws->opcode == WSLAY_PING && ws->state == OPEN)
        return send_frame(ws, WSLAY_PONG, event->bytes, out);
    return SS_OK;
}

/* Takes a piece of a frame, as wslay cut it. */
static enum ss_err take(struct ss_websocket *ws, const struct wslay_frame_iocb *f,
                        struct ss_websocket_event *event, struct ss_buf *out)
{
    if (!ws->frame) {
        const char *why = check_head(ws, f);
        if (why)
            return fail(ws, SS_WEBSOCKET_PROTOCOL_ERROR, why, event, out);
        begin_frame(ws, f);
        if (!is_control(f->opcode) &&
            (f->payload_length > ws->max || ws->text.len > ws->max - f->payload_length))
            return fail(ws, SS_WEBSOCKET_TOO_BIG, "message too large", event, out);
    }
    struct ss_slice piece = ss_slice_of((const char *)f->data, f->data_length);
    ws->left -= piece.len;
    ws->frame = ws->left > 0;
    return is_control(ws->opcode) ? control_payload(ws, piece, event, out)
                                  : data_payload(ws, piece, event, out);
}

enum ss_err ss_websocket_push(struct ss_websocket *ws, const char *p, size_t n, size_t *used,
                              struct ss_websocket_event *event, struct ss_buf *out)
{
    enum ss_err err = SS_OK;
    *event = (struct ss_websocket_event){.kind = SS_WEBSOCKET_NONE};
    if (ws->given) {
        ss_buf_clear(&ws->text, 0);
        ws->given = false;
    }
    ws->in = ss_slice_of(p, n);
    while (err == SS_OK && event->kind == SS_WEBSOCKET_NONE && ws->state != DONE) {
        struct wslay_frame_iocb frame = {0};
        ssize_t got = wslay_frame_recv(ws->frames, &frame);
        if (got == WSLAY_ERR_WANT_READ && ws->in.len == 0)
            break;
        if (got >= 0)
            err = take(ws, &frame, event, out);
        else if (got != WSLAY_ERR_WANT_READ)
            err = fail(ws, SS_WEBSOCKET_PROTOCOL_ERROR, "bad frame", event, out);
    }
    *used = ws->state == DONE ? n : n - ws->in.len;
    ws->in = (struct ss_slice){0};
    return err;
}
