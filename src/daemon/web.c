// SPDX-License-Identifier: Apache-2.0
#include "web.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "listen.h"

#if MHD_VERSION >= 0x00097002
typedef enum MHD_Result mhd_result;
#else
typedef int mhd_result;
#endif

enum {
	MAX_CONNECTIONS = 32,
	SILENCE_S = 10,
	CONNECTION_BYTES = 8192, /* a request's head has to fit */
	MAX_PAGE_BYTES = 64 << 20,
};

struct web {
	struct MHD_Daemon *daemon;
	const struct web_page *pages;
	size_t n_pages;
	void *ctx;
	int listen_fd; /* belongs to the daemon */
	unsigned port;
};

struct header {
	const char *name, *value;
};

static const struct header headers[] = {
	{ "Cache-Control", "no-store" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "Content-Security-Policy",
	  "default-src 'none'; style-src 'unsafe-inline'; "
	  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'" },
};

static const char plain_text[] = "text/plain; charset=utf-8";

/* Answers with the body, which is taken over. */
static mhd_result answer(struct MHD_Connection *connection, unsigned status,
			 const char *content_type, const char *allow, struct buf *body)
{
	struct MHD_Response *response;
	mhd_result result;

	response = MHD_create_response_from_buffer(body->len, body->ptr, MHD_RESPMEM_MUST_FREE);
	if (!response) {
		buf_done(body);
		return MHD_NO;
	}
	*body = (struct buf){ 0 };
	MHD_add_response_header(response, "Content-Type", content_type);
	if (allow)
		MHD_add_response_header(response, "Allow", allow);
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
		MHD_add_response_header(response, headers[i].name, headers[i].value);
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static mhd_result answer_text(struct MHD_Connection *connection, unsigned status, const char *allow,
			      const char *text)
{
	struct buf body;

	buf_init(&body, MAX_PAGE_BYTES);
	buf_adds(&body, text);
	return answer(connection, status, plain_text, allow, &body);
}

static mhd_result answer_not_found(const struct web *w, struct MHD_Connection *connection)
{
	struct buf body;

	buf_init(&body, MAX_PAGE_BYTES);
	buf_adds(&body, "There is no such page. There are:\n");
	for (size_t i = 0; i < w->n_pages; i++)
		buf_addf(&body, "%s\n", w->pages[i].path);
	return answer(connection, MHD_HTTP_NOT_FOUND, plain_text, NULL, &body);
}

static mhd_result answer_page(const struct web *w, struct MHD_Connection *connection,
			      const struct web_page *page)
{
	struct buf body;
	struct err err;
	int status;

	buf_init(&body, MAX_PAGE_BYTES);
	status = page->render(w->ctx, &body);
	if (buf_check(&body, page->path, &err) == 0)
		return answer(connection, (unsigned)status, page->content_type, NULL, &body);
	buf_done(&body);
	return answer_text(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, NULL, err.text);
}

static bool has_body(struct MHD_Connection *connection)
{
	const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							 MHD_HTTP_HEADER_CONTENT_LENGTH);

	return (length && strcmp(length, "0") != 0) ||
	       MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
					   MHD_HTTP_HEADER_TRANSFER_ENCODING);
}

/* Called once when a request's head is there, and again when the request is over: a
 * refusal goes out early and ends the connection, a page late so that it can be kept. */
static mhd_result handle(void *cls, struct MHD_Connection *connection, const char *path,
			 const char *method, const char *version, const char *upload,
			 size_t *upload_size, void **seen)
{
	const struct web *w = cls;

	(void)version, (void)upload, (void)upload_size;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return answer_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET, HEAD",
				   "Pages can only be read: GET or HEAD.\n");
	if (has_body(connection))
		return answer_text(connection, MHD_HTTP_BAD_REQUEST, NULL,
				   "A request for a page has no body.\n");
	if (!*seen) {
		*seen = cls;
		return MHD_YES;
	}
	for (size_t i = 0; i < w->n_pages; i++)
		if (strcmp(path, w->pages[i].path) == 0)
			return answer_page(w, connection, &w->pages[i]);
	return answer_not_found(w, connection);
}

/* The port of another one of ours may be the same. */
static int listen_beside(const struct web *beside, const char *address, struct err *err)
{
	if (beside)
		listen_share(beside->listen_fd);
	return listen_open(address, beside != NULL, err);
}

int web_open(struct web **out, const char *listen_address, const struct web *beside,
	     const struct web_page *pages, size_t n_pages, void *ctx, struct err *err)
{
	struct web *w;
	int fd = listen_beside(beside, listen_address, err);

	if (fd < 0)
		return fd;
	w = calloc(1, sizeof *w);
	if (!w) {
		close(fd);
		return err_set(err, ERR_NOMEM, "web: out of memory");
	}
	*w = (struct web){
		.pages = pages,
		.n_pages = n_pages,
		.ctx = ctx,
		.listen_fd = fd,
		.port = listen_port(fd),
	};
	w->daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, handle, w,
				     MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
				     (unsigned)MAX_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
				     (unsigned)SILENCE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
				     (size_t)CONNECTION_BYTES, MHD_OPTION_END);
	if (!w->daemon) {
		free(w);
		close(fd);
		return err_set(err, ERR_NOMEM, "web: cannot start the server on %s",
			       listen_address);
	}
	*out = w;
	return 0;
}

void web_close(struct web *w)
{
	if (!w)
		return;
	MHD_stop_daemon(w->daemon);
	free(w);
}

int web_fd(const struct web *w)
{
	return MHD_get_daemon_info(w->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

int64_t web_due_ms(const struct web *w, int64_t mono_ms)
{
	MHD_UNSIGNED_LONG_LONG wait_ms;

	if (MHD_get_timeout(w->daemon, &wait_ms) != MHD_YES)
		return INT64_MAX;
	return mono_ms + (int64_t)wait_ms;
}

void web_step(struct web *w)
{
	MHD_run(w->daemon);
}

unsigned web_port(const struct web *w)
{
	return w->port;
}
