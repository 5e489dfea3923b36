/* Transport-wide feedback: read, matched with what was sent, measured and judged, in one call for each packet of it.

   The twin of twcc_sender.TwccSender.receive with ArrivalRate, and of delay_based.InterArrival and Trendline; meanings,
   units and sources are told there. tests/sfu/bwe/test_twcc_twin.py holds both to the same numbers, bit for bit: the order
   of every sum is Python's, and hatch_native.py forbids the compiler to fuse multiplications into them. */

#include <math.h>
#include <stdint.h>
#include <string.h>
#include "feedback.h"

enum {
    HISTORY = 8192,                       /* twcc_sender.HISTORY */
    GONE = 0, IN_FLIGHT = 1, LOST = 2, UNKNOWN = 3,
    NORMAL = 1, OVERUSE = 2, UNDERUSE = 3, /* delay_based.Usage */
    WINDOW = 20, REFRESH = 64, MAX_DELTAS = 60,
    HEAD = 16,                            /* bytes before the status chunks */
    SMALL = 1, LARGE = 2,                 /* status symbols */
};

static const double TICK = 1.0 / 4000;    /* transport_feedback.TICKS_PER_SECOND */
static const double RATE_WINDOW = 0.5, BASE_WINDOW = 10.0, STANDING = 0.02, BUSY_SPAN = 0.04, RTT_GAIN = 1.0 / 8,
                    MAX_RTT = 10.0;       /* twcc_sender */
static const double GROUP_SPAN = 0.005, MAX_BURST = 0.1, MAX_STALL = 3.0, SMOOTHING = 0.9, GAIN = 4.0,
                    THRESHOLD_LOW = 6.0, THRESHOLD_HIGH = 600.0, THRESHOLD_UP = 0.0087, THRESHOLD_DOWN = 0.039,
                    THRESHOLD_REACH = 15.0, THRESHOLD_STEP = 100.0, OVERUSE_TIME = 0.01; /* delay_based */

static uint32_t read16(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

static int32_t read_sign16(const uint8_t *at)
{
    int32_t value = (int32_t)read16(at);
    return value >= 0x8000 ? value - 0x10000 : value;
}

/* -- Reading ------------------------------------------------------------------------------------------------------ */

/* A walk over the status chunks; whoever walks has seen to it that the next one is there. */
struct walk {
    const uint8_t *at;
    uint32_t position; /* of the next chunk's first status */
    uint32_t count;    /* of all statuses */
};

/* One chunk: `statuses` of them, each `symbol` where `same`, else to be had by symbol_at. */
struct chunk {
    uint32_t bits;
    uint32_t statuses;
    int same;
};

static struct chunk next_chunk(struct walk *walk)
{
    uint32_t bits = read16(walk->at), rest = walk->count - walk->position;
    struct chunk chunk = {bits, 0, 0};
    walk->at += 2;
    if (bits & 0x8000) {
        uint32_t statuses = bits & 0x4000 ? 7 : 14;
        chunk.statuses = statuses < rest ? statuses : rest;
        walk->position += statuses;
    } else {
        uint32_t run = bits & 0x1FFF;
        chunk.statuses = run < rest ? run : rest;
        chunk.same = 1;
        walk->position += chunk.statuses;
    }
    return chunk;
}

static uint32_t symbol_at(const struct chunk *chunk, uint32_t place)
{
    if (chunk->same)
        return chunk->bits >> 13;
    return chunk->bits & 0x4000 ? chunk->bits >> (12 - 2 * place) & 3 : chunk->bits >> (13 - place) & 1;
}

/* Return where the deltas begin, or -1 for feedback that transport_feedback.parse_body refuses. */
int32_t check_feedback(const uint8_t *body, uint32_t length)
{
    if (length < HEAD)
        return -1;
    struct walk walk = {body + HEAD, 0, read16(body + 10)};
    uint32_t deltas = 0;
    while (walk.position < walk.count) {
        if (length - (uint32_t)(walk.at - body) < 2)
            return -1;
        struct chunk chunk = next_chunk(&walk);
        if (chunk.same) {
            uint32_t symbol = chunk.bits >> 13;
            if (symbol > LARGE && chunk.statuses)
                return -1;
            deltas += symbol * chunk.statuses;
        } else {
            for (uint32_t place = 0; place < chunk.statuses; place++) {
                uint32_t symbol = symbol_at(&chunk, place);
                if (symbol > LARGE)
                    return -1;
                deltas += symbol;
            }
        }
        if (deltas > length) /* and long before it could wrap */
            return -1;
    }
    uint32_t start = (uint32_t)(walk.at - body);
    return deltas <= length - start ? (int32_t)start : -1;
}

/* -- Matching ----------------------------------------------------------------------------------------------------- */

void mark_sent(struct path *path, int64_t next)
{
    int64_t number = path->marked > next - HISTORY ? path->marked : next - HISTORY;
    for (; number < next; number++)
        path->state[number & path->mask] = IN_FLIGHT;
    path->marked = next;
}

static int32_t pass_over(struct path *path, int64_t next, int64_t start, int64_t end)
{
    int32_t lost = 0;
    int64_t number = path->covered > next - HISTORY ? path->covered : next - HISTORY;
    for (; number < end; number++) {
        uint8_t *state = &path->state[number & path->mask];
        if (*state != IN_FLIGHT)
            continue;
        *state = number >= start ? LOST : UNKNOWN;
        lost += number >= start;
    }
    if (end > path->covered)
        path->covered = end;
    return lost;
}

/* -- The rate at which packets arrive ----------------------------------------------------------------------------- */

static struct arrived *place(const struct path *path, int64_t number)
{
    return &path->window[number & path->window_mask];
}

static void forget_block(struct path *path)
{
    uint32_t last;
    do {
        struct arrived *gone = place(path, path->oldest++);
        path->held -= gone->size;
        last = gone->last;
    } while (!last);
}

static double block_end(const struct path *path)
{
    int64_t number = path->oldest;
    while (!place(path, number)->last)
        number++;
    return place(path, number)->time;
}

/* Take `count` packets, at least one, by rising time. There is room for them. */
static void add_block(struct path *path, const double *times, const uint32_t *sizes, int32_t count)
{
    double first = times[0];
    double latest = path->newest > path->oldest ? place(path, path->newest - 1)->time : first;
    if (!(-RATE_WINDOW < first - latest && first - latest < RATE_WINDOW)) {
        path->oldest = path->newest;
        path->held = 0;
    }
    double lowest = first;
    if (path->newest == path->oldest)
        path->since = first;
    else if (first < latest)
        lowest = latest;
    for (int32_t index = 0; index < count; index++) {
        struct arrived *next = place(path, path->newest++);
        next->time = times[index] > lowest ? times[index] : lowest;
        next->size = sizes[index];
        next->last = index == count - 1;
        path->held += sizes[index];
    }
    double until = place(path, path->newest - 1)->time - RATE_WINDOW;
    while (block_end(path) <= until || path->newest - path->oldest > HISTORY)
        forget_block(path);
    path->passed = 0;
    for (int64_t number = path->oldest; place(path, number)->time <= until; number++)
        path->passed += place(path, number)->size;
}

static void add_to_rate(struct path *path, struct told *told)
{
    static double times[HISTORY];
    static uint32_t sizes[HISTORY];
    int32_t count = told->received;
    double *arrivals = told->arrivals;
    double first = arrivals[0], latest = arrivals[0];
    int rises = 1;
    for (int32_t index = 1; index < count; index++) {
        rises &= arrivals[index] >= arrivals[index - 1];
        first = arrivals[index] < first ? arrivals[index] : first;
        latest = arrivals[index] > latest ? arrivals[index] : latest;
    }
    if (latest - first >= RATE_WINDOW && count > 1) {
        for (int32_t index = 0; index < count; index++)
            add_block(path, &arrivals[index], &told->sizes[index], 1);
    } else if (rises) {
        add_block(path, arrivals, told->sizes, count);
    } else { /* by insertion: each packet is reported once, so that nobody can have this done often */
        for (int32_t index = 0; index < count; index++) {
            int32_t slot = index;
            for (; slot > 0 && times[slot - 1] > arrivals[index]; slot--) {
                times[slot] = times[slot - 1];
                sizes[slot] = sizes[slot - 1];
            }
            times[slot] = arrivals[index];
            sizes[slot] = told->sizes[index];
        }
        add_block(path, times, sizes, count);
    }
}

/* Return the bit/s, -1 before a whole window has been seen. */
int64_t arrival_rate(const struct path *path)
{
    if (path->newest == path->oldest || place(path, path->newest - 1)->time - path->since < RATE_WINDOW)
        return -1;
    return (int64_t)((double)((path->held - path->passed) * 8) / RATE_WINDOW);
}

static void measure(struct path *path, struct told *told, double now)
{
    int32_t count = told->received;
    const double *sent = told->sent, *arrivals = told->arrivals;
    double one_way = arrivals[0] - sent[0], first = arrivals[0], latest = arrivals[0];
    for (int32_t index = 1; index < count; index++) {
        double way = arrivals[index] - sent[index];
        one_way = way < one_way ? way : one_way;
        first = arrivals[index] < first ? arrivals[index] : first;
        latest = arrivals[index] > latest ? arrivals[index] : latest;
    }
    add_to_rate(path, told);
    double rtt = now - latest + one_way;
    if (0 <= rtt && rtt <= MAX_RTT)
        path->rtt += path->rtt != 0 ? (rtt - path->rtt) * RTT_GAIN : rtt;
    if (one_way - path->one_way > MAX_STALL) {
        path->base = path->base_before = one_way;
    } else if (now >= path->base_until) {
        path->base_until = now + BASE_WINDOW;
        path->base_before = path->base;
        path->base = one_way;
    }
    if (one_way < path->base)
        path->base = one_way;
    path->one_way = one_way;
    path->queue_delay = one_way - (path->base_before < path->base ? path->base_before : path->base);
    path->busy_rate = -1;
    if (path->queue_delay >= STANDING && latest - first >= BUSY_SPAN) {
        int64_t size = 0;
        for (int32_t index = 0; index < count; index++)
            size += arrivals[index] != first ? told->sizes[index] : 0;
        path->busy_rate = (int64_t)((double)(size * 8) / (latest - first));
    }
}

/* -- The line through the delays ---------------------------------------------------------------------------------- */

/* Make the sums anew from the WINDOW points of which `oldest` is the first. */
static void sum_up(struct path *path, uint32_t oldest)
{
    path->refresh = REFRESH;
    path->origin = path->x[oldest];
    path->sum_x = path->sum_y = path->sum_xy = path->sum_xx = 0;
    for (uint32_t index = 0; index < WINDOW; index++) {
        uint32_t point = (oldest + index) % WINDOW;
        double x = path->x[point] - path->origin, y = path->y[point];
        path->sum_x += x;
        path->sum_y += y;
        path->sum_xy += x * y;
        path->sum_xx += x * x;
    }
}

static double fit(struct path *path, double x, double y)
{
    uint32_t point = path->points % WINDOW;
    double old_x = path->x[point], old_y = path->y[point];
    path->x[point] = x;
    path->y[point] = y;
    path->points++;
    if (path->points < WINDOW)
        return 0.0;
    if (path->points > 2 * WINDOW)
        path->points -= WINDOW;
    uint32_t oldest = path->points % WINDOW;
    if (path->points == WINDOW || path->refresh == 1) {
        sum_up(path, oldest);
    } else {
        path->refresh--;
        x -= path->origin;
        old_x -= path->origin;
        path->sum_x += x - old_x;
        path->sum_y += y - old_y;
        path->sum_xy += x * y - old_x * old_y;
        path->sum_xx += x * x - old_x * old_x;
    }
    double below = WINDOW * path->sum_xx - path->sum_x * path->sum_x;
    return below > 0 ? (WINDOW * path->sum_xy - path->sum_x * path->sum_y) / below : path->last_slope;
}

static void add_to_line(struct path *path, double send_delta, double arrival_delta)
{
    if (path->deltas < MAX_DELTAS)
        path->deltas++;
    double elapsed = arrival_delta * 1000;
    path->time += elapsed;
    path->accumulated += (arrival_delta - send_delta) * 1000;
    path->smoothed += (1 - SMOOTHING) * (path->accumulated - path->smoothed);
    double slope = fit(path, path->time, path->smoothed);
    double modified = path->deltas * slope * GAIN;
    double threshold = path->threshold;
    if (modified > threshold) {
        path->overusing += path->overuses ? send_delta : send_delta / 2;
        path->overuses++;
        if (path->overusing > OVERUSE_TIME && path->overuses > 1 && slope >= path->last_slope) {
            path->overusing = 0;
            path->overuses = 0;
            path->usage = OVERUSE;
        }
    } else {
        path->overusing = 0;
        path->overuses = 0;
        path->usage = modified < -threshold ? UNDERUSE : NORMAL;
    }
    path->last_slope = slope;
    double above = fabs(modified) - threshold;
    if (above <= THRESHOLD_REACH) {
        double gain = above < 0 ? THRESHOLD_DOWN : THRESHOLD_UP;
        double adapted = threshold + gain * above * (elapsed < THRESHOLD_STEP ? elapsed : THRESHOLD_STEP);
        path->threshold = adapted < THRESHOLD_LOW ? THRESHOLD_LOW : adapted < THRESHOLD_HIGH ? adapted : THRESHOLD_HIGH;
    }
}

/* Return the gravest judgement on the way, 0 for no news. */
static int32_t judge(struct path *path, const struct told *told)
{
    int judged = 0, overuse = 0;
    for (int32_t index = 0; index < told->received; index++) {
        double left = told->sent[index], came = told->arrivals[index];
        double passed = left - path->first_sent;
        if (passed < 0)
            continue;
        double gap = came - path->last_arrival;
        if (passed <= GROUP_SPAN || (gap <= GROUP_SPAN && gap - (left - path->last_sent) < 0 &&
                                     0 <= came - path->first_arrival && came - path->first_arrival < MAX_BURST)) {
            if (left > path->last_sent)
                path->last_sent = left;
            if (gap > 0)
                path->last_arrival = came;
            continue;
        }
        if (path->first_sent > -INFINITY) {
            double send_delta = path->last_sent - path->before_sent;
            double arrival_delta = path->last_arrival - path->before_arrival;
            if (!path->has_before || (arrival_delta >= 0 && fabs(arrival_delta - send_delta) < MAX_STALL)) {
                if (path->has_before) {
                    add_to_line(path, send_delta, arrival_delta);
                    judged = 1;
                    overuse |= path->usage == OVERUSE;
                }
                path->has_before = 1;
                path->before_sent = path->last_sent;
                path->before_arrival = path->last_arrival;
            } else {
                path->has_before = 0;
            }
        }
        path->first_sent = path->last_sent = left;
        path->first_arrival = path->last_arrival = came;
    }
    return !judged ? 0 : overuse ? OVERUSE : path->usage;
}

/* -- All of it ---------------------------------------------------------------------------------------------------- */

/* Take checked feedback. Return 0; or -1, with nothing changed, for what check_feedback refuses, or -2 where the window
   is to grow first: it has to have room for all that it holds, and for `HISTORY` more at most. */
int32_t read_feedback(struct path *path, int64_t next, const uint8_t *body, uint32_t length, double now,
                      struct told *told)
{
    int32_t start = check_feedback(body, length);
    if (start < 0)
        return -1;
    uint32_t count = read16(body + 10);
    uint32_t most = length - (uint32_t)start; /* each arrival has a byte of delta at least */
    most = most < HISTORY ? most : HISTORY;
    if (path->newest - path->oldest + most > (int64_t)path->window_mask + 1)
        return -2;
    mark_sent(path, next);
    int64_t reference = next - 1;
    int64_t base = reference + (((int64_t)read16(body + 8) - reference + 0x8000) & 0xFFFF) - 0x8000;
    int64_t oldest = next > HISTORY ? next - HISTORY : 0;
    uint32_t coarse = (uint32_t)body[12] << 16 | (uint32_t)body[13] << 8 | body[14];
    int64_t ticks = ((int64_t)coarse - (coarse & 0x800000 ? 0x1000000 : 0)) * 256;
    const uint8_t *delta = body + start;
    struct walk walk = {body + HEAD, 0, count};
    int32_t received = 0, recovered = 0;
    int64_t shift = 0, latest = 0;
    while (walk.position < walk.count) {
        int64_t number = base + walk.position;
        struct chunk chunk = next_chunk(&walk);
        for (uint32_t index = 0; index < chunk.statuses; index++, number++) {
            uint32_t symbol = symbol_at(&chunk, index);
            if (!symbol)
                continue;
            ticks += symbol == SMALL ? *delta : read_sign16(delta);
            delta += symbol;
            uint8_t *state = &path->state[number & path->mask];
            if (number < oldest || number >= next || *state == GONE)
                continue;
            recovered += *state == LOST;
            *state = GONE;
            if (!received && path->has_ticks)
                shift = path->ticks + ((ticks - path->ticks + 0x80000000LL) & 0xFFFFFFFFLL) - 0x80000000LL - ticks;
            told->numbers[received] = number;
            told->sent[received] = path->sent_at[number & path->mask];
            told->sizes[received] = path->sizes[number & path->mask];
            told->arrivals[received] = (double)(ticks + shift) * TICK;
            latest = ticks + shift;
            received++;
        }
    }
    told->received = received;
    told->recovered = recovered;
    int64_t from = base > oldest ? base : oldest, to = base + (int64_t)count < next ? base + (int64_t)count : next;
    told->lost = pass_over(path, next, from, to);
    told->usage = 0;
    if (received) {
        path->ticks = latest;
        path->has_ticks = 1;
        measure(path, told, now);
        told->usage = judge(path, told);
    }
    return 0;
}
