/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A load generator whose arrivals do not wait for answers.
 *
 * Requests are due at fixed or Poisson times. A due request goes to the next idle connection; when none is idle it waits, and its
 * latency runs from the time it was DUE, not from when it was sent. So a server that pauses is charged for everybody who would have
 * come meanwhile; wrk, which sends when it got its answer, would count one slow request per connection ("coordinated omission").
 * Because due times only grow, "all that are due and unsent" is one number, the next due time: there is no queue.
 * A delay of the generator itself counts as latency too: figures are never better than the truth.
 *
 * Run by bench/openloop.mjs; one thread. Prints one line of JSON; times in microseconds. Requests are the orders of requests.lua.
 * Limits: http:// and IPv4 literals only; answers of at most RESPONSE_MAX with Content-Length, which is what is measured here; others end
 * the program. A connection that the server closed is opened again for the next request, and the connect is part of its latency.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000) /* times are nanoseconds of the monotonic clock */
#define DRAIN (10 * SECOND)         /* how long answers are awaited after the last arrival */
#define HEAD_MAX 8192
#define REQUEST_MAX (HEAD_MAX + 512)
#define RESPONSE_MAX 16384
#define EVENTS_MAX 256

struct options {
    struct sockaddr_in address;
    char authority[64];
    const char *path, *token;
    double rate, seconds, warmup;
    unsigned connections, customers;
    bool poisson;
    uint64_t seed;
};

/* When the next request is due. */
struct arrivals {
    double mean;   /* nanoseconds between two */
    double offset; /* of the next one, since `start` */
    uint64_t start, count, random;
    bool poisson;
};

struct connection {
    int fd; /* -1: closed */
    bool busy;
    uint64_t due;
    size_t out_len, out_done, in_len;
    char out[REQUEST_MAX], in[RESPONSE_MAX];
};

struct tally {
    uint32_t *micros;
    size_t count, room;
    uint64_t requests, refused, broken, unanswered;
};

struct load {
    const struct options *options;
    struct arrivals arrivals;
    uint64_t counted_from, end;
    int epoll;
    unsigned busy;
    struct connection *connections;
    struct connection **idle; /* a ring, so that all take turns */
    unsigned idle_at, idle_len;
    char head[HEAD_MAX];
    struct tally tally;
};

static _Noreturn void __attribute__((format(printf, 1, 2))) die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("openloop: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(2);
}

static void *allocate(void *old, size_t count, size_t size)
{
    void *room = reallocarray(old, count, size);
    if (!room) die("out of memory");
    return room;
}

static uint64_t clock_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

/* xorshift64*: above 0, at most 1. */
static double random_fraction(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (double)(((*state * UINT64_C(2685821657736338717)) >> 11) + 1) / 9007199254740992.0;
}

static uint64_t arrivals_due(const struct arrivals *arrivals)
{
    return arrivals->start + (uint64_t)arrivals->offset;
}

/* A fixed rate multiplies instead of adding up, so that nothing drifts. */
static void arrivals_advance(struct arrivals *arrivals)
{
    arrivals->count++;
    if (arrivals->poisson) {
        arrivals->offset -= arrivals->mean * log(random_fraction(&arrivals->random));
    } else {
        arrivals->offset = arrivals->mean * (double)arrivals->count;
    }
}

static void tally_latency(struct tally *tally, uint64_t nanos)
{
    if (tally->count == tally->room) {
        tally->room = tally->room > 0 ? tally->room * 2 : 65536;
        tally->micros = allocate(tally->micros, tally->room, sizeof(*tally->micros));
    }
    uint64_t micros = nanos / 1000;
    tally->micros[tally->count++] = micros < UINT32_MAX ? (uint32_t)micros : UINT32_MAX;
}

static void idle_put(struct load *load, struct connection *connection)
{
    load->idle[(load->idle_at + load->idle_len++) % load->options->connections] = connection;
}

static struct connection *idle_take(struct load *load)
{
    struct connection *connection = load->idle[load->idle_at];
    load->idle_at = (load->idle_at + 1) % load->options->connections;
    load->idle_len--;
    return connection;
}

static void connection_close(struct connection *connection)
{
    if (connection->fd >= 0) close(connection->fd);
    connection->fd = -1;
    connection->in_len = 0;
}

/* Does not wait: what is sent meanwhile leaves when the connection stands, and an error shows when it is sent. */
static void connection_open(struct load *load, struct connection *connection)
{
    const struct sockaddr_in *address = &load->options->address;
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) die("socket: %s", strerror(errno));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 &&
        errno != EINPROGRESS) {
        close(fd);
        return;
    }
    struct epoll_event event = {EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, {.ptr = connection}};
    if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, fd, &event) < 0) die("epoll: %s", strerror(errno));
    connection->fd = fd;
}

/* Its request has its end, good or bad. */
static void finish(struct load *load, struct connection *connection)
{
    connection->busy = false;
    load->busy--;
    idle_put(load, connection);
}

static bool is_counted(const struct load *load, const struct connection *connection)
{
    return connection->due >= load->counted_from;
}

/* The connection is gone; nothing is lost when it was idle, as servers close those. */
static void drop(struct load *load, struct connection *connection)
{
    connection_close(connection);
    if (!connection->busy) return;
    if (is_counted(load, connection)) load->tally.broken++;
    finish(load, connection);
}

/* False when the connection broke. */
static bool flush_request(struct connection *connection)
{
    while (connection->out_done < connection->out_len) {
        ssize_t sent = send(connection->fd, connection->out + connection->out_done,
            connection->out_len - connection->out_done, MSG_NOSIGNAL);
        if (sent < 0) return errno == EAGAIN;
        connection->out_done += (size_t)sent;
    }
    return true;
}

static void write_request(struct load *load, struct connection *connection)
{
    char body[256];
    uint64_t count = load->arrivals.count + 1;
    int body_len = snprintf(body, sizeof(body),
        "{\"customer\":\"C%" PRIu64 "\",\"item\":\"Maize flour, bag %" PRIu64
        "\",\"amount\":\"%" PRIu64 ".%02" PRIu64 "\"}",
        count % load->options->customers, count, 100 + count % 9000, count % 100);
    int len = snprintf(connection->out, sizeof(connection->out), "%sContent-Length: %d\r\n\r\n%s",
        load->head, body_len, body);
    connection->out_len = (size_t)len;
    connection->out_done = 0;
}

static void hand_out(struct load *load, struct connection *connection)
{
    connection->busy = true;
    connection->due = arrivals_due(&load->arrivals);
    load->busy++;
    if (is_counted(load, connection)) load->tally.requests++;
    write_request(load, connection);
    if (connection->fd < 0) connection_open(load, connection);
    if (connection->fd < 0 || !flush_request(connection)) drop(load, connection);
}

static void hand_out_due(struct load *load)
{
    uint64_t now = clock_now();
    for (;;) {
        uint64_t due = arrivals_due(&load->arrivals);
        if (due >= load->end || due > now || load->idle_len == 0) return;
        hand_out(load, idle_take(load));
        arrivals_advance(&load->arrivals);
    }
}

/* Where the head of the answer ends, or NULL. */
static const char *head_end(const struct connection *connection)
{
    return strstr(connection->in, "\r\n\r\n");
}

/* Value of a header field of the answer, or NULL; `name` begins with the line end before it. */
static const char *field_of(const struct connection *connection, const char *name)
{
    const char *at = strcasestr(connection->in, name);
    if (!at || at > head_end(connection)) return NULL;
    at += strlen(name);
    return at + strspn(at, " ");
}

/* Length of the whole answer; 0 while its head has not come. */
static size_t answer_length(const struct connection *connection)
{
    const char *end = head_end(connection);
    if (!end) return 0;
    const char *length = field_of(connection, "\r\nContent-Length:");
    if (!length) die("an answer without Content-Length is not understood");
    return (size_t)(end - connection->in) + 4 + strtoul(length, NULL, 10);
}

/* Not after an answer to half a request: the other half would be taken for the next. */
static bool may_be_kept(const struct connection *connection)
{
    const char *option = field_of(connection, "\r\nConnection:");
    bool closes = option && strncasecmp(option, "close", 5) == 0;
    return !closes && connection->out_done == connection->out_len;
}

static void take_answer(struct load *load, struct connection *connection)
{
    if (is_counted(load, connection)) {
        bool good = strncmp(connection->in, "HTTP/1.1 2", 10) == 0;
        if (good) tally_latency(&load->tally, clock_now() - connection->due);
        if (!good) load->tally.refused++;
    }
    if (!may_be_kept(connection)) connection_close(connection);
    connection->in_len = 0;
    finish(load, connection);
}

/* False when the connection broke, or brought what nobody asked for. */
static bool receive(struct load *load, struct connection *connection)
{
    while (connection->fd >= 0) {
        size_t room = sizeof(connection->in) - 1 - connection->in_len;
        if (room == 0) die("an answer is longer than %d bytes", RESPONSE_MAX - 1);
        ssize_t got = recv(connection->fd, connection->in + connection->in_len, room, 0);
        if (got < 0) return errno == EAGAIN;
        if (got == 0 || !connection->busy) return false;
        connection->in_len += (size_t)got;
        connection->in[connection->in_len] = '\0';
        size_t length = answer_length(connection);
        if (length > sizeof(connection->in) - 1) die("an answer is %zu bytes long", length);
        if (length > 0 && connection->in_len > length) return false;
        if (length > 0 && connection->in_len == length) take_answer(load, connection);
    }
    return true;
}

static void on_event(struct load *load, struct connection *connection)
{
    if (connection->fd < 0) return; /* closed since the event was queued */
    if (!flush_request(connection) || !receive(load, connection)) drop(load, connection);
}

/* Until the next arrival that an idle connection could take, else until answers are awaited no longer. */
static uint64_t wake_time(const struct load *load)
{
    uint64_t due = arrivals_due(&load->arrivals);
    return load->idle_len > 0 && due < load->end ? due : load->end + DRAIN;
}

static void wait_events(struct load *load)
{
    struct epoll_event events[EVENTS_MAX];
    uint64_t now = clock_now(), wake = wake_time(load), rest = wake > now ? wake - now : 0;
    struct timespec timeout = {(time_t)(rest / SECOND), (long)(rest % SECOND)};
    int count = epoll_pwait2(load->epoll, events, EVENTS_MAX, &timeout, NULL);
    if (count < 0 && errno != EINTR) die("epoll_pwait2: %s", strerror(errno));
    for (int i = 0; i < count; i++) on_event(load, events[i].data.ptr);
}

/* Whoever got no answer by now waited at least this long, sent or not. */
static void count_unanswered(struct load *load)
{
    uint64_t now = clock_now();
    for (unsigned i = 0; i < load->options->connections; i++) {
        const struct connection *connection = &load->connections[i];
        if (!connection->busy || !is_counted(load, connection)) continue;
        load->tally.unanswered++;
        tally_latency(&load->tally, now - connection->due);
    }
    for (; arrivals_due(&load->arrivals) < load->end; arrivals_advance(&load->arrivals)) {
        uint64_t due = arrivals_due(&load->arrivals);
        if (due < load->counted_from) continue;
        load->tally.requests++;
        load->tally.unanswered++;
        tally_latency(&load->tally, now - due);
    }
}

static void run(struct load *load)
{
    const struct options *options = load->options;
    load->arrivals = (struct arrivals){.mean = (double)SECOND / options->rate,
        .start = clock_now(),
        .random = options->seed,
        .poisson = options->poisson};
    load->counted_from = load->arrivals.start + (uint64_t)(options->warmup * (double)SECOND);
    load->end = load->counted_from + (uint64_t)(options->seconds * (double)SECOND);
    while (clock_now() < load->end + DRAIN) {
        hand_out_due(load);
        if (load->busy == 0 && arrivals_due(&load->arrivals) >= load->end) break;
        wait_events(load);
    }
    count_unanswered(load);
}

static int compare_micros(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

/* The least value that at least this share does not exceed. */
static uint32_t percentile(const struct tally *tally, double share)
{
    if (tally->count == 0) return 0;
    size_t rank = (size_t)ceil(share * (double)tally->count);
    return tally->micros[rank > 0 ? rank - 1 : 0];
}

static void print_report(const struct options *options, struct tally *tally)
{
    if (tally->count > 0) {
        qsort(tally->micros, tally->count, sizeof(*tally->micros), compare_micros);
    }
    printf("{\"rate\":%g,\"seconds\":%g,\"connections\":%u,\"arrivals\":\"%s\"", options->rate,
        options->seconds, options->connections, options->poisson ? "poisson" : "fixed");
    printf(",\"requests\":%" PRIu64 ",\"errors\":%" PRIu64 ",\"refused\":%" PRIu64
           ",\"broken\":%" PRIu64 ",\"unanswered\":%" PRIu64,
        tally->requests, tally->refused + tally->broken + tally->unanswered, tally->refused,
        tally->broken, tally->unanswered);
    printf(",\"p50\":%u,\"p90\":%u,\"p99\":%u,\"p999\":%u,\"max\":%u}\n", percentile(tally, 0.5),
        percentile(tally, 0.9), percentile(tally, 0.99), percentile(tally, 0.999),
        percentile(tally, 1));
}

static double read_number(const char *name, const char *text, double least)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value >= least) || value > 1e9) {
        die("--%s takes a number from %g, not \"%s\"", name, least, text);
    }
    return value;
}

/* http://127.0.0.1:8080/v1/orders */
static void read_url(const char *url, struct options *options)
{
    char host[32] = "", *end = NULL;
    const char *authority = url + strlen("http://");
    bool good = strncmp(url, "http://", strlen("http://")) == 0;
    size_t host_len = good ? strcspn(authority, ":/") : 0;
    good = good && authority[host_len] == ':';
    if (good) snprintf(host, sizeof(host), "%.*s", (int)host_len, authority);
    unsigned long port = good ? strtoul(authority + host_len + 1, &end, 10) : 0;
    good = good && port > 0 && port <= UINT16_MAX && *end == '/' &&
           inet_pton(AF_INET, host, &options->address.sin_addr) == 1;
    if (!good) die("--url takes http://IPV4:PORT/PATH, not \"%s\"", url);
    options->address.sin_family = AF_INET;
    options->address.sin_port = htons((uint16_t)port);
    options->path = end;
    snprintf(options->authority, sizeof(options->authority), "%s:%lu", host, port);
}

enum { URL, RATE, SECONDS, WARMUP, CONNECTIONS, CUSTOMERS, SEED, POISSON };
static const struct option known[] = {
    {"url", required_argument, NULL, URL},
    {"rate", required_argument, NULL, RATE},
    {"seconds", required_argument, NULL, SECONDS},
    {"warmup", required_argument, NULL, WARMUP},
    {"connections", required_argument, NULL, CONNECTIONS},
    {"customers", required_argument, NULL, CUSTOMERS},
    {"seed", required_argument, NULL, SEED},
    {"poisson", no_argument, NULL, POISSON},
    {NULL, 0, NULL, 0},
};

static void read_option(int option, struct options *out)
{
    const char *name = known[option].name;
    switch (option) {
    case URL: read_url(optarg, out); break;
    case RATE: out->rate = read_number(name, optarg, 0.001); break;
    case SECONDS: out->seconds = read_number(name, optarg, 0.001); break;
    case WARMUP: out->warmup = read_number(name, optarg, 0); break;
    case CONNECTIONS: out->connections = (unsigned)read_number(name, optarg, 1); break;
    case CUSTOMERS: out->customers = (unsigned)read_number(name, optarg, 1); break;
    case SEED: out->seed = (uint64_t)read_number(name, optarg, 1); break;
    default: out->poisson = true; break;
    }
}

static struct options read_options(int argc, char **argv)
{
    struct options options = {.token = getenv("TOKEN"),
        .seconds = 10,
        .warmup = 1,
        .connections = 64,
        .customers = 100,
        .seed = 1};
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == '?') exit(2);
        read_option(option, &options);
    }
    if (optind < argc || !options.path || options.rate <= 0 || !options.token) {
        die("usage: TOKEN=… openloop --url URL --rate PER_SECOND [--poisson] [--seconds 10] "
            "[--warmup 1] [--connections 64] [--customers 100] [--seed 1]");
    }
    return options;
}

static void load_init(struct load *load, const struct options *options)
{
    unsigned count = options->connections;
    *load = (struct load){.options = options, .epoll = epoll_create1(EPOLL_CLOEXEC)};
    if (load->epoll < 0) die("epoll: %s", strerror(errno));
    int len = snprintf(load->head, sizeof(load->head),
        "POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n"
        "Content-Type: application/json\r\n",
        options->path, options->authority, options->token);
    if (len < 0 || (size_t)len >= sizeof(load->head)) die("TOKEN or path is too long");
    load->connections = allocate(NULL, count, sizeof(*load->connections));
    load->idle = allocate(NULL, count, sizeof(struct connection *));
    for (unsigned i = 0; i < count; i++) {
        struct connection *connection = &load->connections[i];
        connection->fd = -1;
        connection->busy = false;
        connection->in_len = connection->out_len = connection->out_done = 0;
        connection_open(load, connection);
        idle_put(load, connection);
    }
}

static void load_deinit(struct load *load)
{
    for (unsigned i = 0; i < load->options->connections; i++) {
        connection_close(&load->connections[i]);
    }
    close(load->epoll);
    free(load->connections);
    free(load->idle);
    free(load->tally.micros);
}

int main(int argc, char **argv)
{
    struct options options = read_options(argc, argv);
    struct load load;
    /* By default the kernel may wake us 50 µs late. */
    prctl(PR_SET_TIMERSLACK, 1UL);
    load_init(&load, &options);
    run(&load);
    print_report(&options, &load.tally);
    load_deinit(&load);
    return 0;
}
