/* The pages that people and monitoring see: the front page, the health, the metrics.
 *
 * The front page here is the plain one, for terminals and for programs that were built without the
 * page of web/. It works without JavaScript, and its policy allows none: its only style is named by
 * its hash, its form can only post to this server. */
#include "base/counters.h"
#include "base/error.h"
#include "base/text.h"
#include "service/document.h"
#include "service/service.h"
#include "wire/accept.h"
#include "wire/answer.h"

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

/* ---- The front page ---- */

static const char style[] =
    "body{font:1rem/1.6 system-ui,sans-serif;max-width:42rem;margin:3rem auto;padding:0 1rem;"
    "color:#1b1b1f;background:#fff}h1{font-weight:600}"
    "form{border:1px solid #c8c8d0;border-radius:.5rem;padding:1.25rem;margin:1.5rem 0}"
    "input,button{font:inherit;max-width:100%}"
    "button{padding:.4rem 1.2rem;border:0;border-radius:.4rem;background:#1d5fd1;color:#fff}"
    "pre{background:#f3f3f6;border-radius:.5rem;padding:1rem;overflow:auto}"
    "@media(prefers-color-scheme:dark){body{color:#e6e6ea;background:#17171a}"
    "form{border-color:#45454d}pre{background:#232328}}";

/* What is typed at a terminal; the base of the links stands between what is before and after. */
static const struct {
    const char *comment, *before, *after;
} commands[] = {
    {"A file becomes a link:", "curl -T film.mkv ", "/"},
    {"Many files, a link each:", "curl -F f=@one.txt -F f=@two.txt ", "/"},
    {"What another program writes:", "tar cz folder | curl -T - ", "/folder.tar.gz"},
    {"For a week, for three downloads:",
     "curl -T film.mkv -H 'Sluice-Expires: 7d' -H 'Max-Downloads: 3' ", "/"},
    {"Download, and go on after a break:", "curl -OC - ", "/LINK/film.mkv"},
    {"Delete; curl -i shows the key as Sluice-Key with the upload:",
     "curl -X DELETE -H 'Authorization: Bearer KEY' ", "/LINK"},
};

enum {
    /* All but the commands' bases, and what is escaped in those. */
    HOME_BYTES = 4096,
    HOME_ESCAPE_BYTES_MAX = 6,
};

static void put_limits(struct text *text, const struct service *service)
{
    if (service->size_max > 0)
        text_format(text, "A file may have at most %" PRIu64 " bytes. ", service->size_max);
    if (service->expires_max_ms > 0)
        text_format(text, "A link lives for at most %" PRId64 " hours. ",
                    (service->expires_max_ms + 3599999) / 3600000);
}

static void put_plain(struct text *text, const struct service *service, struct slice base_url)
{
    text_put(text, SLICE("Sluice keeps files under links.\n\n"));
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        text_format(text, "%s\n    %s", commands[i].comment, commands[i].before);
        text_put(text, base_url);
        text_format(text, "%s\n", commands[i].after);
    }
    text_put_byte(text, '\n');
    put_limits(text, service);
    text_put(text, SLICE("Whoever has a link can download its file.\n"));
}

static void put_html(struct text *text, const struct service *service, struct slice base_url)
{
    text_format(text,
                "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                "<meta name=\"viewport\" content=\"width=device-width\">"
                "<title>Sluice</title><style>%s</style></head>\n<body><main><h1>Sluice</h1>"
                "<p>Upload files, get a link for each.</p>\n"
                "<form method=\"post\" action=\"./\" enctype=\"multipart/form-data\">"
                "<p><label for=\"files\">Files</label><br>"
                "<input id=\"files\" type=\"file\" name=\"file\" multiple required></p>"
                "<button>Upload</button></form>\n<p>",
                style);
    put_limits(text, service);
    text_put(text, SLICE("Whoever has a link can download its file.</p>\n"
                         "<h2>At a terminal</h2><pre>"));
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        text_format(text, "# %s\n%s", commands[i].comment, commands[i].before);
        text_put_html(text, base_url);
        text_format(text, "%s\n", commands[i].after);
    }
    text_put(text, SLICE("</pre></main></body></html>\n"));
}

static void put_policy(struct request *req, const uint8_t hash[SHA256_BYTES])
{
    struct text policy = answer_field_begin(req, "Content-Security-Policy");
    text_put(&policy, SLICE("default-src 'none'; style-src 'sha256-"));
    text_put_base64(&policy, slice_from(hash, SHA256_BYTES));
    text_put(&policy, SLICE("'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"));
    answer_field_end(req, &policy);
}

static awaits int answer_page(struct request *req, const char *type, const struct text *page)
{
    uint8_t hash[SHA256_BYTES];
    int err = sha256_of(slice_of(style), hash);
    if (err < 0)
        return answer_error(req, err);
    err = answer_begin(req, 200);
    if (err < 0)
        return err;
    answer_field(req, "Content-Type", slice_of(type));
    put_policy(req, hash);
    answer_field(req, "Referrer-Policy", SLICE("same-origin"));
    answer_field(req, "Vary", SLICE("Accept"));
    answer_field(req, "Cache-Control", SLICE("no-cache"));
    answer_field(req, "X-Content-Type-Options", SLICE("nosniff"));
    return answer_body(req, text_slice(page));
}

/* What a program without the page answers, and everybody who is no browser gets. */
static awaits int answer_plain(struct request *req, bool is_html)
{
    struct slice base_url = answer_base_url(req);
    size_t room = HOME_BYTES + ARRAY_LEN(commands) * HOME_ESCAPE_BYTES_MAX * base_url.len;
    uint8_t *bytes = base_url.ptr == NULL ? NULL : arena_alloc(&req->arena, room);
    if (bytes == NULL)
        return answer_error(req, -ENOMEM);
    struct text page = text_over((struct span){bytes, room});
    if (is_html)
        put_html(&page, service_of(req), base_url);
    else
        put_plain(&page, service_of(req), base_url);
    assert(!page.is_full);
    return answer_page(req, is_html ? "text/html; charset=utf-8" : "text/plain; charset=utf-8",
                       &page);
}

awaits int page_home(struct request *req)
{
    bool is_html = accept_preferred(request_header(req, SLICE("accept"))) == ACCEPT_HTML;
    int err = is_html ? document_answer(req, "home.html", NULL, 0) : -ENOENT;
    return err == -ENOENT && req->status == 0 ? answer_plain(req, is_html) : err;
}

/* ---- Health ---- */

awaits int page_health(struct request *req)
{
    struct service *service = service_of(req);
    bool is_catalog_well = catalog_ping(service->catalog) == 0;
    bool is_store_well = store_ping(service->store) == 0;
    if (!is_catalog_well || !is_store_well)
        return answer_problem(req, 503, "%s",
                              is_catalog_well ? "The store does not answer."
                              : is_store_well ? "The catalog does not answer."
                                              : "Neither the catalog nor the store answers.");
    int err = answer_begin(req, 200);
    if (err < 0)
        return err;
    answer_field(req, "Content-Type", SLICE("text/plain; charset=utf-8"));
    answer_field(req, "Cache-Control", SLICE("no-store"));
    answer_field(req, "X-Content-Type-Options", SLICE("nosniff"));
    return answer_body(req, SLICE("ok\n"));
}

/* ---- Metrics ---- */

/* Longest name, type, help and value of one metric. */
enum { METRIC_BYTES_MAX = 320, METRICS_EXTRA = 8 };

/* What the kernel tells of the process; 0 where it doesn't. */
struct process_figures {
    uint64_t resident_bytes, descriptors;
};

/* The second number of /proc/self/statm: resident pages. */
static uint64_t resident_pages(void)
{
    char line[128] = "";
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL)
        return 0;
    if (fgets(line, sizeof line, file) == NULL)
        line[0] = '\0';
    (void)fclose(file);
    struct slice rest = slice_of(line), pages = SLICE_NONE;
    uint64_t count;
    (void)slice_next(&rest, ' ', &pages);
    if (!slice_next(&rest, ' ', &pages) || parse_u64(pages, &count) < 0)
        return 0;
    return count;
}

static uint64_t open_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    if (folder == NULL)
        return 0;
    uint64_t count = 0;
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL)
        count += entry->d_name[0] != '.';
    (void)closedir(folder);
    return count - 1; /* without the one that looked */
}

static void call_process(struct io_op *op)
{
    struct process_figures *figures = op->buffer;
    figures->resident_bytes = resident_pages() * (uint64_t)sysconf(_SC_PAGESIZE);
    figures->descriptors = open_descriptors();
    op->result = 0;
}

static void put_counters(struct text *text)
{
    for (enum counter counter = 0; counter < COUNTERS; counter++) {
        const char *name = counter_name(counter);
        text_format(text, "# HELP sluice_%s %s\n# TYPE sluice_%s %s\nsluice_%s %" PRId64 "\n", name,
                    counter_help(counter), name, counter_type(counter), name,
                    counter_total(counter));
    }
}

static void put_gauge(struct text *text, const char *name, const char *help, uint64_t value)
{
    text_format(text, "# HELP %s %s\n# TYPE %s gauge\n%s %" PRIu64 "\n", name, help, name, name,
                value);
}

static void put_process(struct text *text, const struct process_figures *figures)
{
    put_gauge(text, "process_resident_memory_bytes", "Memory of the process",
              figures->resident_bytes);
    put_gauge(text, "process_open_fds", "Open descriptors", figures->descriptors);
    put_gauge(text, "sluice_workers", "Threads that serve", workers_count());
    text_format(text,
                "# HELP sluice_io_info Way of input and output\n# TYPE sluice_io_info gauge\n"
                "sluice_io_info{backend=\"%s\"} 1\n",
                worker_io_name());
    text_format(text,
                "# HELP sluice_build_info Version of the program\n# TYPE sluice_build_info gauge\n"
                "sluice_build_info{version=\"%s\"} 1\n",
                SLUICE_VERSION);
}

awaits int page_metrics(struct request *req)
{
    struct process_figures figures = {0};
    size_t room = ((size_t)COUNTERS + METRICS_EXTRA) * METRIC_BYTES_MAX;
    uint8_t *bytes = arena_alloc(&req->arena, room);
    ssize_t err = bytes == NULL ? -ENOMEM : io_call(call_process, &figures);
    if (err < 0)
        return answer_error(req, (int)err);
    struct text text = text_over((struct span){bytes, room});
    put_counters(&text);
    put_process(&text, &figures);
    assert(!text.is_full);
    err = answer_begin(req, 200);
    if (err < 0)
        return (int)err;
    answer_field(req, "Content-Type", SLICE("text/plain; version=0.0.4; charset=utf-8"));
    answer_field(req, "Cache-Control", SLICE("no-store"));
    answer_field(req, "X-Content-Type-Options", SLICE("nosniff"));
    return answer_body(req, text_slice(&text));
}
