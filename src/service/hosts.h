/* Two hosts, one server: where files of strangers are shown in place, and where all the rest is
 * (--download-host). Without that option both are the same. */
#pragma once

#include "wire/request.h"

/* Whether the request was sent to the host that has files only. */
bool hosts_is_download(const struct request *req);
/* Whether a file may be shown in place on the host that the request was sent to. */
bool hosts_may_show(const struct request *req);
/* What the addresses of bytes begin with, like answer_base_url(). .ptr is NULL when there is no
 * memory. */
struct slice hosts_download_url(struct request *req);
/* The path at the end of such an address: "" or "/sub". */
struct slice hosts_path_of(struct slice base_url);
/* The front of such an address: "https://host". */
struct slice hosts_origin_of(struct slice base_url);
