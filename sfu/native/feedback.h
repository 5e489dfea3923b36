/* What Python and the compiled reading of transport-wide feedback share. hatch_native.py gives this file to cffi as it
   stands: no preprocessor lines but this one pair of comments, fixed-width types only. */

struct arrived {
    double time;       /* seconds, the subscriber's clock */
    uint32_t size;     /* bytes */
    uint32_t last;     /* of its block: blocks are forgotten whole */
};

struct path {
    /* Lent by twcc_sender.TwccSender: when each packet left, its size, what became of it; by number and mask. */
    double *sent_at;
    uint32_t *sizes;
    uint8_t *state;
    uint32_t mask;
    /* Lent too, a power of two of places. */
    struct arrived *window;
    uint32_t window_mask;
    /* TwccSender's, by their names there. */
    int64_t marked;
    int64_t covered;
    int64_t ticks;
    uint32_t has_ticks;
    double base;
    double base_before;
    double base_until;
    double one_way;
    double rtt;
    double queue_delay;
    int64_t busy_rate; /* -1 for none */
    /* ArrivalRate's: places in the window count without end, from `oldest` to `newest` - 1. */
    int64_t oldest;
    int64_t newest;
    int64_t held;
    int64_t passed;
    double since;
    /* InterArrival's. */
    uint32_t has_before;
    double before_sent;
    double before_arrival;
    double first_sent;
    double last_sent;
    double first_arrival;
    double last_arrival;
    /* Trendline's: points by their count, modulo WINDOW. */
    double x[20];
    double y[20];
    uint32_t points;
    uint32_t refresh;
    uint32_t deltas;
    uint32_t overuses;
    double origin;
    double sum_x;
    double sum_y;
    double sum_xy;
    double sum_xx;
    double time;
    double accumulated;
    double smoothed;
    double last_slope;
    double overusing;
    double threshold;
    int32_t usage;
};

/* What one feedback packet brought, for all paths in turn: numbers and what is parallel to them hold until the next. */
struct told {
    int64_t numbers[8192];
    double sent[8192];
    double arrivals[8192];
    uint32_t sizes[8192];
    int32_t received;
    int32_t lost;
    int32_t recovered;
    int32_t usage; /* 0 for no news; else delay_based.Usage */
};

int32_t check_feedback(const uint8_t *body, uint32_t length);
int64_t arrival_rate(const struct path *path);
void mark_sent(struct path *path, int64_t next);
int32_t read_feedback(struct path *path, int64_t next, const uint8_t *body, uint32_t length, double now,
                      struct told *told);
