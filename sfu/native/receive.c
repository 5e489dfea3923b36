/* One datagram of a publisher, from the socket to the copies: whose it is, SRTP, header, layer, counters, cache.

   Taken whole is what comes in order under an SSRC that is bound, in a form that needs no thought. Everything else is
   Python's, and then nothing has changed but that the packet may be open already. What is done here is what
   Publisher.receive_rtp, UpEncoding.receive and what they call do; tests/sfu/test_twins.py holds both to the same bytes
   and counters. All lengths are looked at before what they bound is read. */

#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include "fan_out.h"
#include "receive.h"
#include "outline.h"

enum { PYTHONS, OPENED, TAKEN, REFUSED, LEFT, EMPTY, RTP, RTCP, OTHER, FULL }; /* native.reception has the same */

enum {
    MAX_DATAGRAM = 1500,      /* rtp.packet.MAX_DATAGRAM */
    BUFFER = 1564,            /* io.srtp.BUFFER_SIZE */
    WINDOW = 1024,            /* receive_stream.WINDOW, twcc_receiver.HISTORY */
    MAX_PENDING = 2000,       /* twcc_receiver.MAX_PENDING */
    MAX_ARRIVALS = 190,       /* twcc_receiver.MAX_ARRIVALS */
    TICKS_PER_SECOND = 4000,  /* transport_feedback.TICKS_PER_SECOND */
    MAX_TRANSIT_STEP = 5,     /* receive_stream.MAX_TRANSIT_STEP */
    NEVER = -65536,           /* receive_stream._NEVER */
    RATE = 1000000, BURST = 1000000, PACKET_COST = 500, RESERVE = 100000, SOUND_RATE = 64000, SOUND_BURST = 64000,
    /* streams.inflow has these */
    PLAIN = 1, VP8 = 2,       /* native.reception: what is behind a payload type */
    COOKIE = 0x2112A442,      /* RFC 8489 section 5 */
    STUN_HEADER = 20,
    RTPFB = 205, TRANSPORT_FEEDBACK = 15, /* RFC 4585 section 6.1; draft-holmer-rmcat-transport-wide-cc-extensions-01 */
    MAX_DOORS = 16,
    SHARES = 1024,            /* of struct door */
    TOLD = 1024,              /* of so many turned away one goes on to Python, which turns it away too, and says so */
    BATCH = 64,               /* udp_mux.DRAIN */
};

#define INTERVAL 0.08     /* seconds: twcc_receiver.INTERVAL */
#define LONGEST_STEP 1.0  /* seconds: steady_clock.LONGEST_STEP */
#define SILENCE 0.5       /* seconds: up_encoding.SILENCE */

/* Make room in the cache; return 0 if there is no memory. */
static int has_room(struct kept *slot, uint32_t size)
{
    if (slot->payload != NULL && slot->room >= size)
        return 1;
    uint8_t *fresh = malloc(size ? size : 1);
    if (fresh == NULL)
        return 0;
    free(slot->payload);
    slot->payload = fresh;
    slot->room = size;
    slot->sequence = -1;
    return 1;
}

static void count_arrival(struct inlet *inlet, int64_t number, double now)
{
    inlet->transport_highest = number;
    inlet->transport_seen[number % WINDOW] = number;
    inlet->pending_numbers[inlet->pending] = number;
    inlet->pending_ticks[inlet->pending] = (int64_t)(now * TICKS_PER_SECOND);
    inlet->pending++;
    if (inlet->pending == MAX_ARRIVALS)
        inlet->due = now;
    else if (inlet->due < 0)
        inlet->due = now + INTERVAL;
}

static void count_packet(struct source *source, int64_t sequence, uint32_t timestamp, double now)
{
    source->highest = source->asked_highest = source->newest = sequence;
    source->bad_next = NEVER;
    source->seen[sequence % WINDOW] = sequence;
    source->received++;
    source->arrived++;
    source->heard_at = now;
    if (timestamp == source->timestamp)
        return;
    int64_t transit = (int64_t)(now * source->clock_rate) - timestamp;
    if (source->timestamp >= 0) {
        int64_t step = ((transit - source->transit + 0x80000000LL) & 0xFFFFFFFFLL) - 0x80000000LL;
        int64_t size = step < 0 ? -step : step;
        if (size < (int64_t)MAX_TRANSIT_STEP * source->clock_rate)
            source->jitter += ((double)size - source->jitter) / 16;
    }
    source->transit = transit;
    source->timestamp = timestamp;
}

int32_t take(struct inlet *inlet, uint8_t *packet, int32_t length, double now)
{
    struct way *way = inlet->way;
    struct source *source = NULL;
    struct outline outline;

    if (length < HEADER || length > MAX_DATAGRAM || (packet[0] & 0xEF) != 0x80 || way->unprotect == NULL)
        return PYTHONS;
    uint32_t ssrc = read32(packet + 8);
    for (uint32_t place = 0; place < inlet->source_count && source == NULL; place++)
        if (inlet->sources[place]->ssrc == ssrc)
            source = inlet->sources[place];
    uint8_t type = packet[1] & 0x7F;
    if (source == NULL || !source->types[type] || source->highest < 0 || source->asked_highest != source->highest ||
        source->newest != source->highest)
        return PYTHONS;
    if ((((packet[2] << 8 | packet[3]) - source->highest) & 0xFFFF) != 1)
        return PYTHONS;
    if (!source->sound && now - source->heard_at > SILENCE) /* what a picture that comes back changes is Python's */
        return PYTHONS;
    if (!outline_of(inlet, source, packet, (uint32_t)length, &outline))
        return PYTHONS;
    int layer = 0;
    if (outline.descriptor) { /* never of sound: it has no descriptor_id */
        layer = source->layers[packet[outline.descriptor]] - 1;
        if (layer < 0)
            return PYTHONS;
    }
    int64_t number = -1;
    if (outline.transport >= 0) {
        int64_t ahead = (outline.transport - inlet->transport_highest) & 0xFFFF;
        if (inlet->transport_highest < 0 || ahead == 0 || ahead > 0x7FFF || inlet->pending >= MAX_PENDING)
            return PYTHONS;
        number = inlet->transport_highest + ahead;
    }

    int opened = length;
    if (way->unprotect(way->receiving, packet, &opened) != 0 || opened < HEADER || opened > length)
        return REFUSED;
    inlet->taken = source;
    inlet->length = opened;
    if ((uint32_t)opened < outline.start)
        return OPENED;
    uint32_t size = (uint32_t)opened - outline.start;
    const uint8_t *payload = packet + outline.start;
    if (source->types[type] == VP8 && !outline.descriptor) {
        layer = vp8_layer(payload, size);
        if (layer < 0)
            return OPENED;
    }
    double tokens = inlet->tokens, sound_tokens = inlet->sound_tokens, refilled_at = inlet->refilled_at;
    if (now > refilled_at) {
        double more = tokens + (now - refilled_at) * RATE, more_sound = sound_tokens + (now - refilled_at) * SOUND_RATE;
        tokens = more < BURST ? more : BURST;
        sound_tokens = more_sound < SOUND_BURST ? more_sound : SOUND_BURST;
        refilled_at = now;
    }
    tokens -= opened > PACKET_COST ? opened : PACKET_COST;
    if (tokens < (source->sound ? 0 : RESERVE) || (source->sound && sound_tokens < opened))
        return OPENED;
    int64_t sequence = source->highest + 1;
    struct kept *slot = &source->kept[sequence & source->kept_mask];
    if (!has_room(slot, size))
        return OPENED;

    inlet->tokens = tokens;
    inlet->sound_tokens = source->sound ? sound_tokens - opened : sound_tokens;
    inlet->refilled_at = refilled_at;
    if (number >= 0)
        count_arrival(inlet, number, now);
    struct packet shape = {
        .sequence = sequence,
        .arrival = now,
        .timestamp = read32(packet + 4),
        .marker = packet[1] & 0x80,
        .payload_type = type,
        .size = size,
        .descriptor_length = outline.descriptor ? DESCRIPTOR : 0,
    };
    if (outline.descriptor)
        memcpy(shape.descriptor, packet + outline.descriptor, DESCRIPTOR);
    count_packet(source, sequence, shape.timestamp, now);
    if (!source->sound)
        source->octets[layer] += size;
    slot->sequence = sequence;
    slot->arrival = now;
    slot->timestamp = shape.timestamp;
    slot->size = size;
    slot->marker = (uint8_t)shape.marker;
    slot->payload_type = type;
    slot->descriptor_length = (uint8_t)shape.descriptor_length;
    memcpy(slot->descriptor, shape.descriptor, DESCRIPTOR);
    memcpy(slot->payload, payload, size);
    inlet->left = inlet->fan_out(source->copies, source->copy_count, source->number, &shape, payload, source->left);
    return inlet->left ? LEFT : TAKEN;
}

void release(struct kept *kept, uint32_t count)
{
    for (uint32_t place = 0; place < count; place++)
        free(kept[place].payload);
}

/* -- The socket ------------------------------------------------------------------------------------------------- */

/* Lay out the address of an Internet socket; return 0 for another. A link-local one is another on each link: the zone,
   0 for all others, counts (RFC 3493 section 3.3). */
static int key_of(const uint8_t *address, uint32_t length, uint64_t key[3])
{
    uint16_t family;
    uint8_t plain[24] = {0};

    if (length < sizeof family)
        return 0;
    memcpy(&family, address, sizeof family);
    if (family == AF_INET && length >= 8) {
        memcpy(plain, address + 2, 2);
        memcpy(plain + 2, address + 4, 4);
        plain[18] = 4;
    } else if (family == AF_INET6 && length >= 24) {
        memcpy(plain, address + 2, 2);
        memcpy(plain + 2, address + 8, 16);
        plain[18] = 6;
        if (length >= 28)
            memcpy(plain + 20, address + 24, 4);
    } else {
        return 0;
    }
    memcpy(key, plain, sizeof plain);
    return 1;
}

/* The seed is drawn anew by each process, so that nobody can choose addresses that fall into one place. */
static uint32_t hash(uint64_t seed, const uint64_t key[3])
{
    uint64_t mixed = seed;
    for (int part = 0; part < 3; part++) {
        mixed = (mixed ^ key[part]) * 0x9E3779B97F4A7C15ULL;
        mixed ^= mixed >> 29;
    }
    return (uint32_t)(mixed >> 16);
}

static uint32_t place_of(const struct door *door, const uint64_t key[3])
{
    return hash(door->seed, key) & door->mask;
}

/* Return the place of a key, or the free one where it would go. Python keeps half of the places free. */
static uint32_t find(const struct door *door, const uint64_t key[3])
{
    uint32_t place = place_of(door, key);
    while (door->routes[place].used && memcmp(door->routes[place].key, key, 3 * sizeof *key) != 0)
        place = (place + 1) & door->mask;
    return place;
}

/* Return 0 for what is no Internet address, 1 where it was known already, 2 where it is new. */
int32_t set_route(struct door *door, const uint8_t *address, uint32_t length, struct inlet *inlet)
{
    uint64_t key[3];
    if (!key_of(address, length, key))
        return 0;
    struct route *route = &door->routes[find(door, key)];
    int32_t fresh = !route->used;
    memcpy(route->key, key, sizeof key);
    route->inlet = inlet;
    route->used = 1;
    return 1 + fresh;
}

/* Return whether it was known. */
int32_t drop_route(struct door *door, const uint8_t *address, uint32_t length)
{
    uint64_t key[3];
    if (!key_of(address, length, key))
        return 0;
    uint32_t hole = find(door, key);
    if (!door->routes[hole].used)
        return 0;
    /* What was pushed on from here moves back (Knuth, The Art of Computer Programming 6.4, algorithm R). */
    for (uint32_t next = (hole + 1) & door->mask; door->routes[next].used; next = (next + 1) & door->mask) {
        uint32_t home = place_of(door, door->routes[next].key);
        if (((next - home) & door->mask) >= ((next - hole) & door->mask)) {
            door->routes[hole] = door->routes[next];
            hole = next;
        }
    }
    memset(&door->routes[hole], 0, sizeof door->routes[hole]);
    return 1;
}

/* A token bucket, full where it is all zeros (io.token_bucket has the same). */
static int may_take(struct bucket *bucket, double rate, double burst, double now)
{
    double spent = bucket->spent - (now - bucket->at) * rate;
    if (spent < 0)
        spent = 0;
    int may = spent + 1 <= burst;
    bucket->spent = spent + may;
    bucket->at = now;
    return may;
}

/* Whether a check from an unknown address may be Python's: one host's share first, that it takes nobody else's. */
static int admits_stranger(struct door *door, const uint64_t key[3])
{
    uint64_t host[3];

    if (door->strangers_burst <= 0)
        return 1;
    memcpy(host, key, sizeof host);
    memset(host, 0, 2); /* the port */
    struct bucket *share = &door->shares[hash(door->seed, host) % SHARES];
    return may_take(share, door->share_rate, door->share_burst, door->now) &&
           may_take(&door->strangers, door->strangers_rate, door->strangers_burst, door->now);
}

static double seconds(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec * 1e-9;
}

/* Put transport-wide feedback where it waits for `take_aside`; return 0 for all else, and what is too long. What kind of
   RTCP comes first is not encrypted (RFC 3711 section 3.4); whether it is authentic is looked at later. */
static int set_aside(struct door *door, const uint8_t *packet, uint32_t length, uint32_t address_length)
{
    struct aside *aside = door->asides + door->aside_count;
    if ((packet[0] & 0x1F) != TRANSPORT_FEEDBACK || packet[1] != RTPFB || door->aside_room == 0 ||
        length > sizeof aside->datagram)
        return 0;
    aside->now = door->now;
    aside->length = (int32_t)length;
    aside->address_length = address_length;
    memcpy(aside->address, door->address, sizeof aside->address);
    memcpy(aside->datagram, packet, length);
    door->aside_count++;
    return 1;
}

/* Have the oldest datagram that was set aside lie in the buffer, as when it was read; return 0 if there is none. */
int32_t take_aside(struct door *door)
{
    if (door->aside_next >= door->aside_count)
        return 0;
    const struct aside *aside = door->asides + door->aside_next++;
    door->now = aside->now;
    door->length = aside->length;
    door->address_length = aside->address_length;
    memcpy(door->address, aside->address, sizeof door->address);
    memcpy(door->incoming, aside->datagram, (size_t)aside->length);
    if (door->aside_next == door->aside_count)
        door->aside_next = door->aside_count = 0;
    return 1;
}

/* Read until something is Python's, nothing is left, or so many were read; FULL says that what was set aside is to be
   taken first. `now` is what the caller's clock says. */
int32_t drain(struct door *door, int32_t limit, double now)
{
    uint8_t *packet = door->incoming;
    uint64_t key[3];
    double last = seconds(), ahead = now - last;

    door->handled = 0;
    while (door->handled < limit) {
        if (door->aside_room && door->aside_count == door->aside_room)
            return FULL;
        socklen_t address_length = sizeof door->address;
        ssize_t length = recvfrom(door->fd, packet, BUFFER, MSG_DONTWAIT, (struct sockaddr *)door->address,
                                  &address_length);
        if (length < 0)
            return EMPTY; /* or an ICMP error of an earlier send */
        door->handled++;
        if (length < HEADER || length > MAX_DATAGRAM || address_length > sizeof door->address ||
            !key_of(door->address, address_length, key)) {
            door->dropped++;
            continue;
        }
        const struct route *route = &door->routes[find(door, key)];
        if (!route->used && (packet[0] > 3 || length < STUN_HEADER || read32(packet + 4) != COOKIE)) {
            door->dropped++;
            continue;
        }
        double at = seconds();
        if (at - last > LONGEST_STEP) /* the process stood still meanwhile: Python's clock leaves that out too */
            ahead -= at - last - LONGEST_STEP;
        last = at;
        door->now = at + ahead;
        if (!route->used && !admits_stranger(door, key) && door->turned_away++ % TOLD) {
            door->dropped++;
            continue;
        }
        int32_t verdict = OTHER;
        if (packet[0] >= 128 && packet[0] <= 191) /* RFC 7983 section 7; RTCP by RFC 5761 section 4 */
            verdict = packet[1] >= 192 && packet[1] <= 223 ? RTCP : RTP;
        if (verdict == RTP && route->inlet != NULL) {
            int32_t taken = take(route->inlet, packet, (int32_t)length, door->now);
            if (taken == TAKEN)
                continue;
            if (taken != PYTHONS)
                verdict = taken;
        }
        if (verdict == RTCP && route->used && set_aside(door, packet, (uint32_t)length, address_length))
            continue;
        door->length = (int32_t)length;
        door->address_length = address_length;
        return verdict;
    }
    return EMPTY;
}

/* Read what comes until something is Python's, `others` (a descriptor of epoll) is ready, or the time is over. The door
   `first` is read first: whoever begins elsewhere each time lets no door's flood keep the others unread. Return
   the place of the door at which Python is wanted, with what `drain` said there, or -1; `busy` says whether `others`
   has to be looked at, as far as was known when the wait ended. A timeout below 0 never ends.
   After a wait in which the process stood still nothing is read: Python's clock leaves such time out. */
int32_t await_datagrams(struct door **doors, int32_t count, int32_t first, int32_t others, double timeout, double now,
                        int32_t *verdict, int32_t *busy)
{
    struct pollfd waiting[MAX_DOORS + 1];
    double begin = seconds(), elapsed = 0, before = 0;

    *busy = 1;
    if (count < 1 || count > MAX_DOORS || first < 0)
        return -1;
    for (int32_t place = 0; place < count; place++)
        waiting[place] = (struct pollfd){.fd = doors[place]->fd, .events = POLLIN};
    waiting[count] = (struct pollfd){.fd = others, .events = POLLIN};
    for (;;) {
        int milliseconds = -1;
        if (timeout >= 0) {
            double left = timeout - elapsed;
            milliseconds = left <= 0 ? 0 : left > 1e6 ? 1000000000 : (int)(left * 1000) + 1;
        }
        int ready = poll(waiting, (nfds_t)count + 1, milliseconds);
        elapsed = seconds() - begin;
        *busy = ready < 0 || waiting[count].revents != 0;
        if (ready <= 0 || elapsed - before > LONGEST_STEP)
            return -1;
        before = elapsed;
        for (int32_t turn = 0; turn < count; turn++) {
            int32_t place = (first + turn) % count;
            if (!waiting[place].revents)
                continue;
            *verdict = drain(doors[place], BATCH, now + elapsed);
            if (*verdict != EMPTY)
                return place;
            elapsed = seconds() - begin;
            if (elapsed - before > LONGEST_STEP) {
                *busy = 1;
                return -1;
            }
            before = elapsed;
        }
        if (waiting[count].revents || (timeout >= 0 && elapsed >= timeout))
            return -1;
    }
}
