/* The files of the page: scripts, style, documents, built into the program by web/build.mjs or, for
 * who works on them, read from a folder at each request (--web-dev). */
#pragma once

#include "base/buffer.h"
#include "wire/request.h"

struct asset {
    const char *path;       /* "assets/NAME", or "NAME.html" for a document */
    const char *media_type; /* as Content-Type tells it */
    const char *entity_tag; /* with its quotes */
    struct slice plain;
    struct slice gzip, brotli; /* the same, compressed; empty where that saves nothing */
    bool is_immutable;         /* its name changes with its bytes */
};

/* Those built in: made by web/build.mjs, or none (assets_none.c). */
extern const struct asset web_assets[];
extern const size_t web_assets_len;

/* GET and HEAD of /assets/NAME. `name`: what follows "/assets/". */
awaits must_use int assets_handle(struct request *req, struct slice name);

/* The text of a document ("home.html"). `room` holds it where it is read from a folder; the caller
 * clears it. Returns 0; -ENOENT when there is none: then the plain pages take its place. */
awaits must_use int assets_document(struct request *req, const char *path, struct buffer *room,
                                    struct slice *ret_text);
