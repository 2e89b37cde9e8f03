#include "service/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/turn.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LIMIT_MS = 10000, BIG = 300000 };

struct fixture {
    uv_loop_t loop;
    uv_timer_t beat; /* turns the loop, so that the condition is looked at */
    struct http *http;
    int socket;
    char *answer;
    size_t length;
    bool ended;
};

static struct fixture fixture;

static void write_hello(void *context, const struct http_request *request, FILE *out)
{
    (void)context;
    fprintf(out, "hello %d\n", (int)http_number(request, "n", 1, 10, -1));
}

static void write_big(void *context, const struct http_request *request, FILE *out)
{
    (void)context;
    (void)request;
    for (int i = 0; i < BIG; i++)
        fputc('x', out);
}

static const struct http_route routes[] = {
    {"/hello", "text/plain", write_hello}, {"/big", "text/plain", write_big}, {0}};

static void on_beat(uv_timer_t *timer) { (void)timer; }

static int set_up(void **state)
{
    struct error err;

    fixture = (struct fixture){.socket = -1};
    uv_loop_init(&fixture.loop);
    uv_timer_init(&fixture.loop, &fixture.beat);
    uv_timer_start(&fixture.beat, on_beat, 1, 1);
    if (!http_open(&fixture.http, &fixture.loop, "127.0.0.1:0", routes, NULL, &err))
        return -1;
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    if (f->socket >= 0)
        close(f->socket);
    free(f->answer);
    http_close(f->http);
    uv_close((uv_handle_t *)&f->beat, NULL);
    return turn_to_end(&f->loop, LIMIT_MS) ? 0 : -1;
}

/* Reads what has come; true at the end of the connection. */
static bool answered(void *context)
{
    struct fixture *f = context;
    char bytes[65536];
    ssize_t got = recv(f->socket, bytes, sizeof bytes, MSG_DONTWAIT);

    if (got > 0) {
        f->answer = realloc(f->answer, f->length + (size_t)got + 1);
        memcpy(f->answer + f->length, bytes, (size_t)got);
        f->length += (size_t)got;
        f->answer[f->length] = '\0';
    }
    f->ended = got == 0;
    return f->ended;
}

/* Client and server share this thread, so the client must never wait. */
static const char *ask(struct fixture *f, const char *request)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(http_port(f->http))};

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    f->socket = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(f->socket, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(send(f->socket, request, strlen(request), 0), (ssize_t)strlen(request));
    assert_true(turn_until(&f->loop, LIMIT_MS, answered, f));
    return f->answer != NULL ? f->answer : "";
}

#define REQUEST(method, path) method " " path " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

static void a_page_is_answered(void **state)
{
    const char *answer = ask(*state, REQUEST("GET", "/hello?n=3"));

    assert_non_null(strstr(answer, "HTTP/1.1 200"));
    assert_non_null(strstr(answer, "\r\n\r\nhello 3\n"));
}

static void a_number_out_of_range_or_broken_is_as_if_absent(void **state)
{
    assert_non_null(strstr(ask(*state, REQUEST("GET", "/hello?n=11")), "hello -1"));
}

static void a_broken_number_is_as_if_absent(void **state)
{
    assert_non_null(strstr(ask(*state, REQUEST("GET", "/hello?n=3x")), "hello -1"));
}

static void a_large_page_arrives_whole(void **state)
{
    struct fixture *f = *state;
    const char *answer = ask(f, REQUEST("GET", "/big"));
    const char *body = strstr(answer, "\r\n\r\n");

    assert_non_null(body);
    assert_int_equal(strlen(body + 4), BIG);
}

static void head_has_no_body(void **state)
{
    const char *answer = ask(*state, REQUEST("HEAD", "/hello"));

    assert_non_null(strstr(answer, "HTTP/1.1 200"));
    assert_null(strstr(answer, "hello"));
}

static void other_pages_are_not_found(void **state)
{
    assert_non_null(strstr(ask(*state, REQUEST("GET", "/hello/../../etc/passwd")), "HTTP/1.1 404"));
}

static void nothing_but_reading_is_allowed(void **state)
{
    assert_non_null(strstr(ask(*state, "POST /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
                                       "Connection: close\r\n\r\n"),
                           "HTTP/1.1 405"));
}

static void a_body_is_cut_off(void **state)
{
    const char *answer = ask(*state, "PUT /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
                                     "Connection: close\r\n\r\nabcde");

    assert_null(strstr(answer, "HTTP/1.1 200"));
}

static void a_client_that_goes_away_harms_nobody(void **state)
{
    struct fixture *f = *state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(http_port(f->http))};
    static const char part[] = "GET /big HTTP/1.1\r\nHost: x\r\n\r\n";
    int gone = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(gone, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(send(gone, part, sizeof part - 1, 0), (ssize_t)sizeof part - 1);
    close(gone);
    assert_non_null(strstr(ask(f, REQUEST("GET", "/hello")), "HTTP/1.1 200"));
}

static void addresses_that_are_none_are_refused(void **state)
{
    static const char *const wrong[] = {"",
                                        "9464",
                                        "127.0.0.1",
                                        "127.0.0.1:",
                                        ":9464",
                                        "127.0.0.1:x",
                                        "1.2.3:80",
                                        "127.0.0.1:65536",
                                        "[::1:80",
                                        "[::1]",
                                        "name:80",
                                        "127.0.0.1:-1",
                                        "127.0.0.1:80 "};
    struct fixture *f = *state;
    struct http *none = NULL;
    struct error err;

    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_false(http_open(&none, &f->loop, wrong[i], routes, NULL, &err));
        assert_int_equal(err.what, ERR_SYNTAX);
    }
    assert_true(http_loopback(f->http));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
        WITH_SERVER(a_page_is_answered),
        WITH_SERVER(a_number_out_of_range_or_broken_is_as_if_absent),
        WITH_SERVER(a_broken_number_is_as_if_absent),
        WITH_SERVER(a_large_page_arrives_whole),
        WITH_SERVER(head_has_no_body),
        WITH_SERVER(other_pages_are_not_found),
        WITH_SERVER(nothing_but_reading_is_allowed),
        WITH_SERVER(a_body_is_cut_off),
        WITH_SERVER(a_client_that_goes_away_harms_nobody),
        WITH_SERVER(addresses_that_are_none_are_refused),
#undef WITH_SERVER
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
