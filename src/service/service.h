/* What the program is for: uploads become links, links become downloads.
 *
 * One struct service is shared by all workers and only read after the start. Handlers take a
 * request and answer it; they return 0, or -errno when the client can't be answered. */
#pragma once

#include "catalog/catalog.h"
#include "store/store.h"
#include "wire/request.h"
#include "wire/wire.h"

struct cors;

struct service {
    struct catalog *catalog;
    struct store *store;
    uint64_t size_max;      /* of one file; 0: no limit */
    int64_t expires_ms;     /* life of a link that asks for nothing; 0: for ever */
    int64_t expires_max_ms; /* longest life that can be asked for; 0: for ever */
    unsigned uploads_per_address;
    int64_t upload_life_ms;    /* an upload may be resumed so long after its last byte */
    const struct cors *cors;   /* pages of which origins may speak to us */
    const char *download_host; /* where alone files are shown in place; "": everywhere */
    const char *web_folder;    /* the page is read from there at each request; "": built in */
};

static inline struct service *service_of(const struct request *req)
{
    return req->wire->context;
}

/* Removes the bytes of objects that a change of the catalog has freed. */
static inline void service_remove_objects(struct service *service, const struct object_names *gone)
{
    for (size_t i = 0; i < gone->count; i++)
        store_remove(service->store, gone->names[i]);
}

/* Answers any request: finds the route and calls its handler (routes.c). */
awaits must_use int service_handle(struct request *req);

/* ---- receive.c, form.c ---- */
/* PUT /NAME and PUT /, POST / with any type but a form: the body becomes one file. */
awaits must_use int upload_handle(struct request *req, struct slice name);
/* POST / with multipart/form-data: each file of the form becomes one link. */
awaits must_use int form_handle(struct request *req);

/* ---- download.c ---- */
/* GET and HEAD of /LINK and /LINK/NAME: the bytes, or of a collection's link what `rest`, the path
 * behind the link, names. */
awaits must_use int download_handle(struct request *req, const char *link, struct slice rest);

/* ---- link_page.c ---- */
/* The same for whoever asks: a browser gets a page about /LINK, everybody else the bytes. */
awaits must_use int link_handle(struct request *req, const char *link, struct slice rest);

/* ---- collection_create.c ---- */
/* POST /api/collections: several links become one. */
awaits must_use int collection_create(struct request *req);

/* ---- tus.c: tus 1.0.0 at /files/ and /files/UPLOAD ---- */
awaits must_use int tus_create(struct request *req);
awaits must_use int tus_handle(struct request *req, const char *upload);
/* OPTIONS of both: what is spoken here. */
awaits must_use int tus_options(struct request *req);

/* ---- resumable.c: Resumable Uploads for HTTP (draft-ietf-httpbis-resumable-upload) ---- */
/* Whether a PUT or POST asks to be resumable. */
bool resumable_is_asked(const struct request *req);
/* PUT /NAME, PUT / and POST /; the upload it makes is at /files/UPLOAD. */
awaits must_use int resumable_create(struct request *req, struct slice name);
/* HEAD, GET, PATCH and DELETE of /files/UPLOAD. */
awaits must_use int resumable_handle(struct request *req, const char *upload);

/* ---- follow.c ---- */
/* GET and HEAD of a link whose bytes are still arriving. Returns -ESTALE, with nothing answered,
 * when it isn't arriving any more. */
awaits must_use int follow_handle(struct request *req, const char *link);

/* ---- progress.c ---- */
/* GET /api/files/LINK/progress. */
awaits must_use int progress_handle(struct request *req, const char *link);

/* ---- files.c: /api/files/LINK, and DELETE /LINK ---- */
awaits must_use int files_get(struct request *req, const char *link);
awaits must_use int files_edit(struct request *req, const char *link);
awaits must_use int files_delete(struct request *req, const char *link);

/* ---- page.c ---- */
awaits must_use int page_home(struct request *req);
awaits must_use int page_health(struct request *req);
awaits must_use int page_metrics(struct request *req);

/* ---- tend.c ---- */
/* The housekeeping of one worker, once in each of them until it is cancelled; then, when all other
 * fibers have ended, it gives back what the worker has cached. */
awaits void service_tend(struct service *service);

/* ---- sweep.c ---- */
/* The sweeper, a fiber of the first worker until it is cancelled: removes what an earlier start
 * left without a row, then, again and again, ends links whose time is over. `arg`: the service. */
awaits void sweep_run(void *arg);
