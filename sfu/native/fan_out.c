/* One packet to every copy that needs nothing special: header, number, pace, SRTP, socket.

   Whatever is out of the ordinary is left to Python with nothing changed: fan_out returns the places of those copies.
   What is done here is what DownTrack.forward, HeaderRewriter.write, PacedSender.send_video and SecureChannel.send do,
   and tests/sfu/test_twins.py holds both to the same bytes. No cipher is written here: `protect` is libsrtp's
   srtp_protect, which alone keeps the packet indices that its nonces are made of (RFC 7714 section 8.1). */

#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include "fan_out.h"

enum {
    HEADER = 12,          /* bytes, RFC 3550 section 5.1 */
    ROOM = 20,            /* header, extension block's head, and the element for the transport-wide number */
    NUMBER_AT = 18,       /* header_rewriter.NUMBER_AT */
    LONGEST_HEADER = 24,  /* with a short Dependency Descriptor behind that */
    MAX_PAYLOAD = 1500,   /* rtp.packet.MAX_DATAGRAM: nothing longer is ever received */
    ROOM_FOR_TAG = 64,    /* io.srtp.ROOM_FOR_TAG: what libsrtp may write behind a packet */
    MANDATORY_LENGTH = 3, /* bytes of a Dependency Descriptor that has nothing but its mandatory fields */
};

static void write32(uint8_t *at, uint32_t value)
{
    at[0] = value >> 24;
    at[1] = value >> 16;
    at[2] = value >> 8;
    at[3] = value;
}

/* Return 1 if the packet was sent or lost on its way out, 0 if Python has to look at it; then nothing has changed. */
static int forward(struct copy *copy, int64_t source, const struct packet *packet, const uint8_t *payload)
{
    struct way *way = copy->way;
    void *session = copy->session != NULL ? copy->session : way->session;
    uint8_t out[LONGEST_HEADER + MAX_PAYLOAD + ROOM_FOR_TAG];

    if (copy->source != source || session == NULL || way->protect == NULL || way->fd < 0 || way->probing)
        return 0;
    uint8_t type = copy->types[packet->payload_type];
    if (!type || packet->sequence < copy->first)
        return 0;
    int described = copy->described && packet->descriptor_length;
    if (described && (packet->descriptor_length != MANDATORY_LENGTH || !copy->short_descriptor))
        return 0;
    int words = (copy->room != 0) + described;
    uint32_t header = HEADER + (words ? 4 * (1 + words) : 0);
    uint32_t length = header + packet->size;
    if (copy->paced) {
        double earliest = packet->arrival - way->burst;
        double free_at = way->free_at < earliest ? earliest : way->free_at;
        if (way->queued || free_at > packet->arrival + way->burst)
            return 0;
        way->free_at = free_at + length * 8.0 / way->rate;
    }

    int64_t sequence = packet->sequence + copy->sequence_offset;
    if (sequence > copy->highest)
        copy->highest = sequence;
    out[0] = words ? 0x90 : 0x80;
    out[1] = (type & 0x7F) | (packet->marker ? 0x80 : 0);
    out[2] = sequence >> 8;
    out[3] = sequence;
    write32(out + 4, packet->timestamp + copy->timestamp_offset);
    write32(out + 8, copy->ssrc);
    if (words)
        write32(out + HEADER, 0xBEDE0000u | (uint32_t)words);
    if (copy->room)
        write32(out + HEADER + 4, copy->room);
    if (described) {
        uint32_t frame = ((uint32_t)packet->descriptor[1] << 8 | packet->descriptor[2]) + copy->frame_offset;
        write32(out + header - 4, copy->short_descriptor | (uint32_t)packet->descriptor[0] << 16 | (frame & 0xFFFF));
    }
    memcpy(out + header, payload, packet->size);
    if (copy->room) {
        uint32_t slot = way->next & way->mask;
        way->sent_at[slot] = packet->arrival;
        way->sizes[slot] = length;
        way->sent_bytes += length;
        out[NUMBER_AT] = way->next >> 8;
        out[NUMBER_AT + 1] = way->next;
        way->next++;
    } else {
        way->unnumbered_bytes += length;
    }
    if (copy->headers && header <= ROOM)
        memcpy(copy->headers + (size_t)ROOM * (out[3] & copy->headers_mask), out, header);
    copy->packets++;
    copy->octets += packet->size;

    int sealed = (int)length;
    if (way->protect(session, out, &sealed) != 0 || sealed < 0 || sealed > (int)sizeof out ||
        sendto(way->fd, out, (size_t)sealed, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)way->address,
               way->address_length) < 0)
        way->unsent++;
    return 1;
}

int32_t fan_out(struct copy **copies, int32_t count, int64_t source, const struct packet *packet,
                const uint8_t *payload, int32_t *left)
{
    int32_t remaining = 0;
    int fits = packet->size <= MAX_PAYLOAD && packet->payload_type < 128;
    for (int32_t place = 0; place < count; place++)
        if (!fits || !forward(copies[place], source, packet, payload))
            left[remaining++] = place;
    return remaining;
}
