/* The command: some files are on their way at once, all in one thread that waits in libcurl.
 *
 * Standard output gets nothing but the links, in the order of the files, each when its file and all
 * before it are over. */
#include "client/put.h"

#include "base/clock.h"
#include "client/delivery.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

struct put {
    struct put_options options;
    struct office office;
    struct delivery *running[PUT_PARALLEL_MAX];
    size_t running_of[PUT_PARALLEL_MAX]; /* the index of its file */
    size_t running_len;
    size_t begun, over, printed; /* files */
    char **lines;                /* of each file that is over: what is printed; "" when it failed */
    uint64_t over_bytes;
    bool has_failed, has_given_up;
};

static volatile sig_atomic_t signal_seen;

static void on_signal(int number)
{
    signal_seen = number;
}

/* ---- Beginning ---- */

/* The address where uploads are created, from what the user wrote. */
static int set_creation_url(struct office *office, const char *to)
{
    bool has_scheme = strstr(to, "://") != NULL;
    struct slice base = slice_of(to);
    while (base.len > 0 && base.ptr[base.len - 1] == '/')
        base.len--;
    /* A scheme alone names no server. */
    if (has_scheme && memmem(base.ptr, base.len, "://", 3) == NULL)
        return -EINVAL;
    struct text url =
        text_over((struct span){(uint8_t *)office->creation_url, sizeof office->creation_url});
    text_format(&url, "%s%.*s/files/", has_scheme ? "" : "http://", (int)base.len, base.ptr);
    text_put_byte(&url, 0);
    CURLU *parser = curl_url();
    char *part = NULL;
    bool is_right = !url.is_full && parser != NULL && strpbrk(to, "?# ") == NULL &&
                    curl_url_set(parser, CURLUPART_URL, office->creation_url, 0) == CURLUE_OK &&
                    curl_url_get(parser, CURLUPART_SCHEME, &part, 0) == CURLUE_OK;
    is_right = is_right && (strcmp(part, "http") == 0 || strcmp(part, "https") == 0);
    curl_free(part);
    curl_url_cleanup(parser);
    return is_right ? 0 : -EINVAL;
}

static void open_records(struct put *put)
{
    struct office *office = &put->office;
    struct text folder =
        text_over((struct span){(uint8_t *)office->record_folder, sizeof office->record_folder});
    int err = record_folder_open(getenv("XDG_STATE_HOME"), getenv("HOME"), &folder);
    if (err < 0) {
        display_complain(&office->display,
                         "uploads can't be resumed when this command is killed: there is no "
                         "folder for its records (%s)",
                         strerrordesc_np(-err));
        office->record_folder[0] = 0;
    } else {
        record_folder_sweep(office->record_folder, clock_wall_ms());
    }
}

static void take_signals(void)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    const struct sigaction note = {.sa_handler = on_signal};
    (void)sigaction(SIGPIPE, &ignore, NULL);
    (void)sigaction(SIGINT, &note, NULL);
    (void)sigaction(SIGTERM, &note, NULL);
}

/* ---- Ends of files ---- */

static void put_json_line(struct text *into, const struct delivery *delivery)
{
    const struct record *record = &delivery->sending.record;
    const struct {
        const char *name, *value;
    } members[] = {{"file", delivery->path},
                   {"link", record->link},
                   {"key", record->key},
                   {"upload", record->upload}};
    text_put(into, SLICE("{"));
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        text_format(into, "\"%s\":\"", members[i].name);
        text_put_json(into, slice_of(members[i].value));
        text_put(into, SLICE("\","));
    }
    text_format(into, "\"size\":%" PRIu64 "}", delivery_bytes(delivery));
}

/* What is printed of a delivery; NULL when there is no memory. */
static char *line_of(const struct put *put, const struct delivery *delivery)
{
    enum { LINE_BYTES = 64 * 1024 };
    char *room = malloc(LINE_BYTES);
    if (room == NULL)
        return NULL;
    struct text text = text_over((struct span){(uint8_t *)room, LINE_BYTES - 1});
    if (delivery->state == DELIVERY_DONE && put->options.is_json)
        put_json_line(&text, delivery);
    else if (delivery->state == DELIVERY_DONE)
        text_put(&text, slice_of(delivery->sending.record.link));
    room[text.len] = 0;
    char *line = strdup(room);
    free(room);
    return line;
}

static void print_lines(struct put *put)
{
    for (; put->printed < put->options.files_len; put->printed++) {
        char *line = put->lines[put->printed];
        if (line == NULL)
            return;
        if (line[0] != 0) {
            display_clear(&put->office.display);
            (void)puts(line);
            put->has_failed |= fflush(stdout) != 0;
        }
    }
}

/* Takes those that are over out of the running ones. */
static int reap(struct put *put)
{
    size_t kept = 0;
    for (size_t i = 0; i < put->running_len; i++) {
        struct delivery *delivery = put->running[i];
        if (delivery->state <= DELIVERY_TAKING_BACK) {
            put->running_of[kept] = put->running_of[i];
            put->running[kept++] = delivery;
            continue;
        }
        char **line = &put->lines[put->running_of[i]];
        *line = line_of(put, delivery);
        put->has_failed |= delivery->state == DELIVERY_FAILED || *line == NULL;
        put->has_given_up |= delivery->state == DELIVERY_GAVE_UP;
        put->over_bytes += delivery->state == DELIVERY_DONE ? delivery_bytes(delivery) : 0;
        put->over++;
        delivery_drop(delivery);
        if (*line == NULL) {
            put->running_len = kept;
            return -ENOMEM;
        }
    }
    put->running_len = kept;
    print_lines(put);
    return 0;
}

/* ---- One turn ---- */

static int begin_files(struct put *put)
{
    while (put->running_len < put->options.parallel && put->begun < put->options.files_len) {
        struct delivery *delivery = NULL;
        int err = delivery_open(&put->office, put->options.files[put->begun], &delivery);
        if (err < 0)
            return err;
        put->running_of[put->running_len] = put->begun++;
        put->running[put->running_len++] = delivery;
    }
    return 0;
}

static void step_all(struct put *put)
{
    int64_t now_ms = clock_ms();
    bool is_alone = put->running_len == 1 && put->begun == put->options.files_len;
    size_t requests = 0;
    for (size_t i = 0; i < put->running_len; i++) {
        if (put->running[i]->state <= DELIVERY_TAKING_BACK)
            delivery_step(put->running[i], now_ms, is_alone);
        requests += delivery_requests(put->running[i]);
    }
    /* The limit is that of all together. */
    if (put->options.limit_rate > 0 && requests > 0)
        for (size_t i = 0; i < put->running_len; i++)
            delivery_limit(put->running[i], put->options.limit_rate / requests + 1);
}

/* Hands over what libcurl has finished. Returns how many. */
static size_t take_ended(struct put *put)
{
    size_t ended = 0;
    int left;
    const CURLMsg *message;
    while ((message = curl_multi_info_read(put->office.multi, &left)) != NULL) {
        /* The message is gone once its handle is taken out. */
        CURLcode code = message->data.result;
        struct transfer *transfer = exchange_owner(message->easy_handle);
        delivery_ended(transfer->owner, transfer, code);
        ended++;
    }
    return ended;
}

/* Waits until something can move, and reads from the pipes that are ready. */
static void wait_input(struct put *put, int wait_ms)
{
    struct curl_waitfd waits[PUT_PARALLEL_MAX];
    struct delivery *of[PUT_PARALLEL_MAX];
    unsigned len = 0;
    for (size_t i = 0; i < put->running_len; i++) {
        const struct input *input = &put->running[i]->sending.input;
        if (put->running[i]->state == DELIVERY_RUNNING && input_has_room(input)) {
            of[len] = put->running[i];
            waits[len++] = (struct curl_waitfd){.fd = input->fd, .events = CURL_WAIT_POLLIN};
        }
    }
    curl_multi_poll(put->office.multi, waits, len, wait_ms, NULL);
    int64_t now_ms = clock_ms();
    for (unsigned i = 0; i < len; i++)
        if (waits[i].revents != 0)
            input_fill(&of[i]->sending.input, now_ms);
    for (size_t i = 0; i < put->running_len; i++)
        exchange_resume(&put->running[i]->main->exchange);
}

static void show(struct put *put)
{
    struct progress lines[PUT_LINES_MAX + 1];
    struct progress sum = {
        .title = "", .status = "", .done_bytes = put->over_bytes, .size_bytes = UINT64_MAX};
    char title[64];
    int64_t now_ms = clock_ms();
    size_t len = 0;
    if (!display_is_due(&put->office.display, now_ms))
        return;
    for (size_t i = 0; i < put->running_len; i++) {
        struct progress progress = delivery_progress(put->running[i], now_ms);
        sum.done_bytes += progress.done_bytes;
        sum.rate += progress.rate;
        if (len < PUT_LINES_MAX)
            lines[len++] = progress;
    }
    if (put->options.files_len > 1) {
        (void)snprintf(title, sizeof title, "%zu of %zu files", put->over, put->options.files_len);
        sum.title = title;
        lines[len++] = sum;
    }
    display_show(&put->office.display, lines, len, now_ms);
}

static int run(struct put *put)
{
    while (signal_seen == 0) {
        int running;
        int err = begin_files(put);
        if (err < 0)
            return err;
        step_all(put);
        if (curl_multi_perform(put->office.multi, &running) != CURLM_OK)
            return -ENOMEM;
        size_t ended = take_ended(put);
        err = reap(put);
        if (err < 0)
            return err;
        if (put->over == put->options.files_len)
            return 0;
        show(put);
        wait_input(put, ended > 0 ? 0 : PUT_DRAW_MS / 2);
    }
    return -EINTR;
}

/* ---- The command ---- */

static int end(struct put *put, int err)
{
    struct display *display = &put->office.display;
    bool has_pipe = false;
    display_clear(display);
    for (size_t i = 0; i < put->running_len; i++) {
        has_pipe |= put->running[i]->sending.input.is_pipe;
        delivery_drop(put->running[i]);
    }
    if (err == -EINTR) {
        display_complain(display, has_pipe ? "interrupted; what came through a pipe is lost"
                                           : "interrupted; the same command goes on where this "
                                             "one stopped");
        return signal_seen == SIGINT ? PUT_EXIT_INTERRUPTED : PUT_EXIT_TERMINATED;
    }
    if (err < 0)
        display_complain(display, "%s", strerrordesc_np(-err));
    if (err < 0 || put->has_failed)
        return PUT_EXIT_FAILED;
    return put->has_given_up ? PUT_EXIT_GAVE_UP : PUT_EXIT_DONE;
}

static int send_all(struct put *put)
{
    display_open(&put->office.display, put->options.is_quiet);
    put->office.options = &put->options;
    int err = set_creation_url(&put->office, put->options.to);
    if (err < 0) {
        display_complain(&put->office.display,
                         "--to: expected the http or https URL of a Sluice; "
                         "got %s",
                         put->options.to);
        return PUT_EXIT_USAGE;
    }
    open_records(put);
    take_signals();
    put->lines = calloc(put->options.files_len, sizeof *put->lines);
    put->office.multi = curl_multi_init();
    err = put->lines != NULL && put->office.multi != NULL ? run(put) : -ENOMEM;
    int status = end(put, err);
    for (size_t i = 0; put->lines != NULL && i < put->options.files_len; i++)
        free(put->lines[i]);
    free(put->lines);
    curl_multi_cleanup(put->office.multi);
    return status;
}

int put_command(char *const *words)
{
    static struct put put; /* too large for a stack, and made once */
    uint8_t room[512];
    struct text complaint = text_over((struct span){room, sizeof room});
    size_t words_len = 0;
    while (words[words_len] != NULL)
        words_len++;
    const char **files = calloc(words_len + 1, sizeof *files);
    if (files == NULL)
        return PUT_EXIT_FAILED;
    int err = put_options_read(words, getenv("SLUICE_TO"), files, &put.options, &complaint);
    int status = PUT_EXIT_USAGE;
    if (err == 1) {
        status = fputs(put_options_help(), stdout) < 0 ? PUT_EXIT_FAILED : PUT_EXIT_DONE;
    } else if (err < 0) {
        (void)fprintf(stderr, "sluice: %.*s\n", (int)complaint.len, (const char *)complaint.ptr);
    } else if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        status = PUT_EXIT_FAILED;
    } else {
        status = send_all(&put);
        curl_global_cleanup();
    }
    free(files);
    return status;
}
