/* What Python and the compiled reception share; as fan_out.h, given to cffi as it stands. numbers.py tells the meanings. */

struct kept {
    int64_t sequence;
    double arrival;
    uint8_t *payload;
    uint32_t room;
    uint32_t timestamp;
    uint32_t size;
    uint8_t marker;
    uint8_t payload_type;
    uint8_t descriptor_length;
    uint8_t descriptor[3];
};

struct source {
    uint32_t ssrc;
    uint32_t clock_rate;
    uint32_t sound;
    uint32_t descriptor_id;
    uint8_t types[128];
    uint8_t layers[256];
    int64_t highest;
    int64_t received;
    int64_t bad_next;
    int64_t timestamp;
    int64_t transit;
    double jitter;
    int64_t *seen;
    int64_t arrived;
    int64_t asked_highest;
    int64_t newest;
    double heard_at;
    int64_t octets[16];
    struct kept *kept;
    uint32_t kept_mask;
    int32_t copy_count;
    void *copies;
    int32_t *left;
    int64_t number;
};

struct inlet {
    void *way;
    int32_t (*fan_out)(void *copies, int32_t count, int64_t source, const void *packet, const uint8_t *payload,
                       int32_t *left);
    struct source *sources[32];
    uint32_t source_count;
    uint32_t transport_id;
    double tokens;
    double sound_tokens;
    double refilled_at;
    int64_t transport_highest;
    int64_t *transport_seen;
    int64_t *pending_numbers;
    int64_t *pending_ticks;
    int64_t pending;
    double due;
    struct source *taken;
    int32_t length;
    int32_t left;
};

int32_t take(struct inlet *inlet, uint8_t *packet, int32_t length, double now);
void release(struct kept *kept, uint32_t count);

struct route {
    uint64_t key[3];
    struct inlet *inlet;
    int64_t used;
};

struct aside {
    double now;
    int32_t length;
    uint32_t address_length;
    uint8_t address[28];
    uint8_t datagram[512];
};

struct bucket {
    double spent;
    double at;
};

struct door {
    int32_t fd;
    uint32_t mask;
    struct route *routes;
    uint8_t *incoming;
    uint64_t seed;
    int64_t dropped;
    double now;
    int32_t length;
    int32_t handled;
    uint32_t address_length;
    uint8_t address[28];
    struct aside *asides;
    uint32_t aside_room;
    uint32_t aside_count;
    uint32_t aside_next;
    double strangers_rate;
    double strangers_burst;
    double share_rate;
    double share_burst;
    struct bucket strangers;
    struct bucket shares[1024];
    int64_t turned_away;
};

int32_t await_datagrams(struct door **doors, int32_t count, int32_t first, int32_t others, double timeout, double now,
                        int32_t *verdict, int32_t *busy);
int32_t drain(struct door *door, int32_t limit, double now);
int32_t take_aside(struct door *door);
int32_t set_route(struct door *door, const uint8_t *address, uint32_t length, struct inlet *inlet);
int32_t drop_route(struct door *door, const uint8_t *address, uint32_t length);
