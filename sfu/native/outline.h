/* What a packet of RTP says of itself, read within its bounds; a part of receive.c. */

enum {
    HEADER = 12,              /* bytes, RFC 3550 section 5.1 */
    ONE_BYTE = 0xBEDE,        /* RFC 8285 section 4.2 */
    DESCRIPTOR = 3,           /* bytes of a Dependency Descriptor of mandatory fields */
};

static uint32_t read32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Return the temporal layer of a VP8 payload, -1 where Python has to look: key frames, and what cannot be read. */
static int vp8_layer(const uint8_t *payload, uint32_t size)
{
    if (size == 0)
        return 0;
    uint32_t at = 1;
    int temporal = 0;
    if (payload[0] & 0x80) {
        if (size < 2)
            return -1;
        uint8_t present = payload[1];
        at = 2;
        if (present & 0x80) {
            if (at >= size)
                return -1;
            at += payload[at] & 0x80 ? 2 : 1;
        }
        if (present & 0x40)
            at++;
        if (present & 0x30) {
            if (at >= size)
                return -1;
            if (present & 0x20)
                temporal = payload[at] >> 6;
            at++;
        }
        if (at > size)
            return -1;
    }
    if ((payload[0] & 0x17) == 0x10 && size - at >= 10 && !(payload[at] & 1) &&
        memcmp(payload + at + 3, "\x9d\x01\x2a", 3) == 0)
        return -1;
    return temporal;
}

/* What take() finds out before the packet is opened. */
struct outline {
    uint32_t start;       /* of the payload */
    int32_t transport;    /* the transport-wide number, -1 for none */
    uint32_t descriptor;  /* where it stands; 0 for none */
};

/* Read header and extensions. Return 0 if Python has to look. */
static int outline_of(const struct inlet *inlet, const struct source *source, const uint8_t *packet, uint32_t length,
                      struct outline *found)
{
    found->start = HEADER;
    found->transport = -1;
    found->descriptor = 0;
    if (!(packet[0] & 0x10))
        return 1;
    if (length < HEADER + 4 || (packet[HEADER] << 8 | packet[HEADER + 1]) != ONE_BYTE)
        return 0;
    uint32_t at = HEADER + 4;
    uint32_t end = at + 4 * (uint32_t)(packet[HEADER + 2] << 8 | packet[HEADER + 3]);
    if (end > length)
        return 0;
    found->start = end;
    int numbered = 0, described = 0;
    while (at < end) {
        uint8_t head = packet[at++];
        if (head == 0)
            continue;
        uint32_t size = (head & 0x0Fu) + 1, id = head >> 4;
        if (id == 0 || id == 15 || at + size > end)
            break;
        if (id == inlet->transport_id && !numbered) {
            numbered = 1;
            if (size == 2)
                found->transport = packet[at] << 8 | packet[at + 1];
        }
        if (id == source->descriptor_id && !described) {
            described = 1;
            if (size > DESCRIPTOR)
                return 0;
            if (size == DESCRIPTOR)
                found->descriptor = at;
        }
        at += size;
    }
    return 1;
}
