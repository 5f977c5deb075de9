/* The download host is told apart by its name alone; whatever else a client calls this server by is
 * the host of the page, where files are only ever saved. */
#include "service/hosts.h"

#include "base/text.h"
#include "service/service.h"
#include "wire/answer.h"

bool hosts_is_download(const struct request *req)
{
    struct slice wanted = slice_of(service_of(req)->download_host);
    struct slice asked = req->head.authority;
    if (wanted.len == 0 || !slice_is_same_word(slice_head(asked, wanted.len), wanted))
        return false;
    struct slice port = slice_skip(asked, wanted.len);
    return port.len == 0 || slice_is_equal(port, SLICE(":443")) ||
           slice_is_equal(port, SLICE(":80"));
}

bool hosts_may_show(const struct request *req)
{
    return service_of(req)->download_host[0] == '\0' || hosts_is_download(req);
}

/* Behind "://"; all of it where that isn't there. */
static size_t authority_at(struct slice url)
{
    size_t colon = slice_find(url, ':');
    return slice_has_prefix(slice_skip(url, colon), SLICE("://")) ? colon + 3 : 0;
}

struct slice hosts_origin_of(struct slice base_url)
{
    size_t at = authority_at(base_url);
    return slice_head(base_url, at + slice_find(slice_skip(base_url, at), '/'));
}

struct slice hosts_path_of(struct slice base_url)
{
    return slice_skip(base_url, hosts_origin_of(base_url).len);
}

struct slice hosts_download_url(struct request *req)
{
    struct slice base_url = answer_base_url(req);
    const char *host = service_of(req)->download_host;
    if (base_url.ptr == NULL || host[0] == '\0')
        return base_url;
    return arena_format(&req->arena, "%.*s%s", (int)authority_at(base_url),
                        (const char *)base_url.ptr, host);
}
