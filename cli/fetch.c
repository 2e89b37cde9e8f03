#include "cli/fetch.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_MOST_BYTES = 64 << 20, CONNECT_MS = 2000, WHOLE_MS = 5000 };

struct fetcher {
    CURLM *multi;
    CURL *easy;
    bool busy;
    char url[1024];
    char *text;
    size_t length, room;
};

static size_t on_bytes(char *bytes, size_t size, size_t count, void *context)
{
    struct fetcher *f = context;
    size_t more = size * count;

    if (more > ANSWER_MOST_BYTES - f->length)
        return 0; /* curl then ends with an error */
    if (f->length + more > f->room) {
        size_t room = f->room * 2 > f->length + more ? f->room * 2 : f->length + more;
        char *text = realloc(f->text, room);

        if (text == NULL)
            return 0;
        f->text = text;
        f->room = room;
    }
    memcpy(f->text + f->length, bytes, more);
    f->length += more;
    return more;
}

struct fetcher *fetcher_open(void)
{
    struct fetcher *f = calloc(1, sizeof *f);

    if (f == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        abort();
    f->multi = curl_multi_init();
    f->easy = curl_easy_init();
    if (f->multi == NULL || f->easy == NULL)
        abort();
    curl_easy_setopt(f->easy, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(f->easy, CURLOPT_WRITEDATA, f);
    curl_easy_setopt(f->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(f->easy, CURLOPT_TIMEOUT_MS, (long)WHOLE_MS);
    curl_easy_setopt(f->easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(f->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(f->easy, CURLOPT_NOPROXY, "127.0.0.1,localhost,::1");
    return f;
}

static void give_up(struct fetcher *f)
{
    if (f->busy)
        curl_multi_remove_handle(f->multi, f->easy);
    f->busy = false;
}

void fetcher_close(struct fetcher *f)
{
    give_up(f);
    curl_easy_cleanup(f->easy);
    curl_multi_cleanup(f->multi);
    curl_global_cleanup();
    free(f->text);
    free(f);
}

void fetcher_begin(struct fetcher *f, const char *base_url, const char *path)
{
    size_t length = strlen(base_url);

    give_up(f);
    while (length > 0 && base_url[length - 1] == '/')
        length--;
    snprintf(f->url, sizeof f->url, "%.*s%s", (int)length, base_url, path);
    curl_easy_setopt(f->easy, CURLOPT_URL, f->url);
    f->length = 0;
    f->busy = curl_multi_add_handle(f->multi, f->easy) == CURLM_OK;
}

bool fetcher_busy(const struct fetcher *f) { return f->busy; }

static bool finish(struct fetcher *f, CURLcode result, json_t **answer, struct error *err)
{
    long status = 0;
    json_error_t at;

    if (result != CURLE_OK)
        return failure(err, ERR_IO, f->url, "a running `capstan run`", "%s",
                       curl_easy_strerror(result));
    curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200)
        return failure(err, ERR_PROTOCOL, f->url, "status 200", "%ld", status);
    *answer = json_loadb(f->text != NULL ? f->text : "", f->length, JSON_REJECT_DUPLICATES, &at);
    if (*answer == NULL)
        return failure(err, ERR_SYNTAX, f->url, "JSON", "line %d: %s", at.line, at.text);
    return true;
}

bool fetcher_turn(struct fetcher *f, int input_fd, int wait_ms, json_t **answer, struct error *err)
{
    struct curl_waitfd input = {.fd = input_fd, .events = CURL_WAIT_POLLIN};
    CURLMsg *message = NULL;
    int left = 0;

    *answer = NULL;
    if (f->busy)
        curl_multi_perform(f->multi, &left);
    message = curl_multi_info_read(f->multi, &left);
    if (message == NULL) {
        curl_multi_poll(f->multi, &input, input_fd >= 0, wait_ms, NULL);
        if (f->busy)
            curl_multi_perform(f->multi, &left);
        message = curl_multi_info_read(f->multi, &left);
    }
    if (message == NULL || message->msg != CURLMSG_DONE)
        return false;
    {
        CURLcode result = message->data.result;

        give_up(f);
        if (!finish(f, result, answer, err))
            *answer = NULL;
    }
    return true;
}

bool fetch_json(const char *base_url, const char *path, json_t **answer, struct error *err)
{
    struct fetcher *f = fetcher_open();

    fetcher_begin(f, base_url, path);
    while (fetcher_busy(f)) /* bounded by WHOLE_MS */
        if (fetcher_turn(f, -1, WHOLE_MS, answer, err))
            break;
    fetcher_close(f);
    return *answer != NULL;
}
