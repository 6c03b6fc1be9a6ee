/* SPDX-FileCopyrightText: The Agizo authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gateway for the bench: takes every SMS and answers each a fixed time after it was read, at a cost of microseconds.
 *
 *   gateway LATENCY_MS        prints its port, then answers until its standard input ends
 *
 * dev/gateway.mjs is the stand-in for people and tests; it keeps a journal on disk and would itself be what is measured. This one knows just enough of
 * HTTP/1.1 for one client library: requests one after another on kept connections, a Content-Length, no chunks. Any POST is an SMS, answered
 * as the vendor does; any GET is asked for the figures:
 *   {"taken": N, "doubled": N, "connections": N, "span": S}
 * `doubled` counts numbers that came more than once: the bench gives each message one of its own, +2547 and eight digits. `span` is the time from
 * the first SMS to the last, in seconds.
 *
 * One thread, epoll; answers wait in one queue, because all wait equally long. Whatever is not as expected ends the program: it is a bench.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 4096
#define REQUEST_MAX 8192
#define NUMBERS 100000000 /* of eight digits */
#define PREFIX "to=%2B2547"

struct connection {
    int descriptor; /* 0: free */
    size_t length;
    char request[REQUEST_MAX];
};

/* An answer that is due. */
struct due {
    struct connection *connection;
    int64_t at_us;
    char number[9];
};

static struct connection connections[CONNECTIONS_MAX];
static struct due queue[CONNECTIONS_MAX]; /* a connection has one request at a time */
static size_t queue_first, queue_count;
static uint8_t *seen; /* a bit for each number */
static int64_t latency_us, first_us, last_us;
static unsigned long taken, doubled, opened;
static int poller;

static void die(const char *what)
{
    fprintf(stderr, "gateway: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t now_us(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static void watch(int descriptor, void *who)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = who};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event) != 0) die("epoll_ctl");
}

static int listen_anywhere(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) != 0) die("bind");
    if (listen(listener, CONNECTIONS_MAX) != 0) die("listen");
    if (getsockname(listener, (struct sockaddr *)&address, &length) != 0) die("getsockname");
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

static void take_connections(int listener)
{
    int on = 1, descriptor;
    while ((descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        size_t place = 0;
        while (place < CONNECTIONS_MAX && connections[place].descriptor) place++;
        if (place == CONNECTIONS_MAX) die("too many connections");
        connections[place].descriptor = descriptor;
        connections[place].length = 0;
        opened++;
        setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        watch(descriptor, &connections[place]);
    }
}

static void drop(struct connection *connection)
{
    close(connection->descriptor);
    connection->descriptor = 0;
    for (size_t i = 0; i < queue_count; i++) {
        struct due *due = &queue[(queue_first + i) % CONNECTIONS_MAX];
        if (due->connection == connection) due->connection = NULL;
    }
}

static void say(struct connection *connection, const char *status, const char *body)
{
    char answer[1024];
    int length = snprintf(answer, sizeof(answer),
        "HTTP/1.1 %s\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: "
        "%zu\r\n\r\n%s",
        status, strlen(body), body);
    if (write(connection->descriptor, answer, (size_t)length) != length) drop(connection);
}

static void tell_figures(struct connection *connection)
{
    char body[256];
    snprintf(body, sizeof(body),
        "{\"taken\": %lu, \"doubled\": %lu, \"connections\": %lu, \"span\": %.6f}", taken, doubled,
        opened, (double)(last_us - first_us) / 1e6);
    say(connection, "200 OK", body);
}

static void answer_due(void)
{
    for (int64_t now = now_us(); queue_count > 0 && queue[queue_first].at_us <= now;
         queue_count--) {
        struct due *due = &queue[queue_first];
        char body[512];
        queue_first = (queue_first + 1) % CONNECTIONS_MAX;
        if (!due->connection) continue;
        snprintf(body, sizeof(body),
            "{\"SMSMessageData\": {\"Message\": \"Sent to 1/1 Total Cost: KES 0.8000\", "
            "\"Recipients\": [{\"statusCode\": 102, \"number\": \"+2547%s\", "
            "\"status\": \"Queued\", \"cost\": \"KES 0.8000\", "
            "\"messageId\": \"ATXid_%016lx%s00000000\", \"messageParts\": 1}]}}",
            due->number, (unsigned long)due->at_us, due->number);
        say(due->connection, "201 Created", body);
    }
}

static void take_sms(struct connection *connection, const char *body)
{
    const char *to = strstr(body, PREFIX);
    if (!to || strspn(to + strlen(PREFIX), "0123456789") != 8) die("no number");
    struct due *due = &queue[(queue_first + queue_count++) % CONNECTIONS_MAX];
    memcpy(due->number, to + strlen(PREFIX), 8);
    due->number[8] = '\0';
    due->connection = connection;
    last_us = now_us();
    due->at_us = last_us + latency_us;
    if (taken++ == 0) first_us = last_us;
    unsigned long number = strtoul(due->number, NULL, 10);
    uint8_t bit = (uint8_t)(1U << (number & 7U));
    if (seen[number / 8] & bit) doubled++;
    seen[number / 8] |= bit;
}

/* True when a whole request lay there and was taken. */
static bool take_request(struct connection *connection)
{
    char *request = connection->request;
    request[connection->length] = '\0';
    char *body = strstr(request, "\r\n\r\n"), *field = strcasestr(request, "\r\ncontent-length:");
    if (!body) return false;
    body += 4;
    size_t size = field && field < body ? strtoul(field + 17, NULL, 10) : 0;
    size_t whole = (size_t)(body - request) + size;
    if (connection->length < whole) return false;
    if (strncmp(request, "POST", 4) == 0) {
        take_sms(connection, body);
    } else {
        tell_figures(connection);
    }
    connection->length -= whole;
    memmove(request, request + whole, connection->length);
    return true;
}

static void hear(struct connection *connection)
{
    size_t room = sizeof(connection->request) - 1 - connection->length;
    ssize_t got = read(connection->descriptor, connection->request + connection->length, room);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
        drop(connection);
        return;
    }
    connection->length += (size_t)got;
    if (!take_request(connection) && connection->length == sizeof(connection->request) - 1)
        die("too long");
}

/* Milliseconds until an answer is due, at least one: epoll knows none shorter. */
static int wait_ms(void)
{
    if (queue_count == 0) return -1;
    int64_t left = queue[queue_first].at_us - now_us();
    return left <= 0 ? 0 : (int)((left + 999) / 1000);
}

int main(int count, char **arguments)
{
    static char listening, ending;
    struct epoll_event events[256];
    if (count != 2) die("usage: gateway LATENCY_MS");
    latency_us = strtol(arguments[1], NULL, 10) * 1000;
    seen = calloc(NUMBERS / 8, 1);
    poller = epoll_create1(0);
    if (!seen || poller < 0) die("start");
    int listener = listen_anywhere();
    watch(listener, &listening);
    watch(STDIN_FILENO, &ending);
    for (;;) {
        int ready = epoll_wait(poller, events, 256, wait_ms());
        for (int i = 0; i < ready; i++) {
            if (events[i].data.ptr == &ending) return 0;
            if (events[i].data.ptr == &listening) {
                take_connections(listener);
            } else {
                hear(events[i].data.ptr);
            }
        }
        answer_due();
    }
}
