/* What Python and the compiled fan-out share. hatch_native.py gives this file to cffi as it stands: no preprocessor
   lines but this one pair of comments, fixed-width types only. Meanings are told in numbers.py, field by field. */

struct way {
    int (*protect)(void *session, void *packet, int *length);
    int (*unprotect)(void *session, void *packet, int *length);
    void *session;
    void *receiving;
    int32_t fd;
    uint32_t address_length;
    uint8_t address[28];
    double *sent_at;
    uint32_t *sizes;
    uint32_t mask;
    uint32_t probing;
    int64_t next;
    int64_t sent_bytes;
    int64_t unnumbered_bytes;
    double free_at;
    double rate;
    double burst;
    int64_t queued;
    int64_t unsent;
};

struct copy {
    struct way *way;
    void *session;
    int64_t source;
    int64_t first;
    int64_t sequence_offset;
    uint32_t timestamp_offset;
    uint32_t frame_offset;
    uint32_t ssrc;
    uint32_t room;
    uint32_t short_descriptor;
    uint32_t described;
    uint32_t paced;
    uint8_t types[128];
    uint8_t *headers;
    uint32_t headers_mask;
    int64_t highest;
    int64_t packets;
    int64_t octets;
};

struct packet {
    int64_t sequence;
    double arrival;
    uint32_t timestamp;
    uint32_t marker;
    uint32_t payload_type;
    uint32_t size;
    uint32_t descriptor_length;
    uint8_t descriptor[3];
};

int32_t fan_out(struct copy **copies, int32_t count, int64_t source, const struct packet *packet,
                const uint8_t *payload, int32_t *left);
