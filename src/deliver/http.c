// SPDX-License-Identifier: Apache-2.0
#include "http.h"

#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "slurm_pusher/buf.h"
#include "slurm_pusher/deliver.h"
#include "text.h"

/* Without it, libcurl before 7.66 does not wait when it has no descriptor at all. */
#if LIBCURL_VERSION_NUM < 0x074200
#define curl_multi_poll curl_multi_wait
#endif

enum { HEAD_BYTES = 2048, CONNECT_MAX_MS = 10 * 1000 };

struct http {
	CURLM *multi;
	char *user_agent;
	struct curl_waitfd *waits;
	unsigned room;
};

struct connection {
	struct http *http;
	CURL *easy;
	struct curl_slist *common;  /* headers of every request */
	struct curl_slist *headers; /* of this one */
	enum { CONNECTION_FREE, CONNECTION_BUSY, CONNECTION_OVER } state;
	CURLcode result;
	char error[CURL_ERROR_SIZE];
	char retry_after[64];
	char head[HEAD_BYTES]; /* of the answer's body */
	size_t n_head;
};

/* ---- all connections ---- */

int http_open(struct http **out, const char *user_agent, struct err *err)
{
	struct http *http = calloc(1, sizeof *http);

	if (!http || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(http);
		return err_set(err, ERR_NOMEM, "libcurl does not start");
	}
	http->multi = curl_multi_init();
	http->user_agent = strdup(user_agent);
	if (!http->multi || !http->user_agent) {
		http_close(http);
		return err_set(err, ERR_NOMEM, "no memory for connections");
	}
#if LIBCURL_VERSION_NUM >= 0x081700
	/* The lookups of these belong to the multi handle, whose end would wait for them. */
	curl_multi_setopt(http->multi, CURLMOPT_QUICK_EXIT, 1L);
#endif
	*out = http;
	return 0;
}

void http_close(struct http *http)
{
	if (!http)
		return;
	curl_multi_cleanup(http->multi);
	free(http->user_agent);
	free(http->waits);
	free(http);
	curl_global_cleanup();
}

static short wait_events(short events)
{
	return (short)((events & POLLIN ? CURL_WAIT_POLLIN : 0) |
		       (events & POLLPRI ? CURL_WAIT_POLLPRI : 0) |
		       (events & POLLOUT ? CURL_WAIT_POLLOUT : 0));
}

static int copy_waits(struct http *http, const struct pollfd *fds, unsigned n_fds)
{
	if (n_fds > http->room) {
		struct curl_waitfd *waits = realloc(http->waits, n_fds * sizeof *waits);

		if (!waits)
			return ERR_NOMEM;
		http->waits = waits;
		http->room = n_fds;
	}
	for (unsigned i = 0; i < n_fds; i++)
		http->waits[i] = (struct curl_waitfd){ fds[i].fd, wait_events(fds[i].events), 0 };
	return 0;
}

int http_wait(struct http *http, struct pollfd *fds, unsigned n_fds, int64_t timeout_ms,
	      struct err *err)
{
	int limit_ms = timeout_ms < 0 ? 0 : timeout_ms > INT_MAX ? INT_MAX : (int)timeout_ms;
	CURLMcode rc;

	if (copy_waits(http, fds, n_fds) < 0)
		return err_set(err, ERR_NOMEM, "no memory to wait for %u descriptors", n_fds);
	rc = curl_multi_poll(http->multi, http->waits, n_fds, limit_ms, NULL);
	if (rc != CURLM_OK)
		return err_set(err, ERR_IO, "waiting: %s", curl_multi_strerror(rc));
	/* libcurl does not pass on POLLHUP and POLLERR */
	if (poll(fds, n_fds, 0) < 0)
		return err_errno(err, ERR_IO, errno, "waiting");
	return 0;
}

void http_step(struct http *http)
{
	CURLMsg *message;
	int n;

	curl_multi_perform(http->multi, &n);
	while ((message = curl_multi_info_read(http->multi, &n))) {
		CURL *easy = message->easy_handle;
		CURLcode result = message->data.result;
		struct connection *c;

		curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&c);
		curl_multi_remove_handle(http->multi, easy);
		c->result = result;
		c->state = CONNECTION_OVER;
	}
}

/* ---- one connection ---- */

static size_t take_header(char *line, size_t size, size_t n, void *connection)
{
	static const char name[] = "Retry-After:";
	const size_t n_name = sizeof name - 1;
	struct connection *c = connection;

	n *= size;
	if (n > 5 && memcmp(line, "HTTP/", 5) == 0)
		c->retry_after[0] = '\0'; /* another answer: the one before was a 1xx */
	if (n > n_name && strncasecmp(line, name, n_name) == 0)
		text_line(c->retry_after, sizeof c->retry_after, line + n_name, n - n_name);
	return n;
}

static size_t take_body(char *bytes, size_t size, size_t n, void *connection)
{
	struct connection *c = connection;
	size_t room = sizeof c->head - c->n_head;

	n *= size;
	memcpy(c->head + c->n_head, bytes, n < room ? n : room);
	c->n_head += n < room ? n : room;
	return n;
}

static const struct {
	CURLoption option;
	long value;
} settings[] = {
	{ CURLOPT_NOSIGNAL, 1 },           { CURLOPT_PATH_AS_IS, 1 },
	{ CURLOPT_FOLLOWLOCATION, 0 },     { CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 },
	{ CURLOPT_DNS_CACHE_TIMEOUT, 60 }, { CURLOPT_TCP_KEEPALIVE, 1 },
#if LIBCURL_VERSION_NUM >= 0x075000
	{ CURLOPT_MAXLIFETIME_CONN, 300 },
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
	{ CURLOPT_QUICK_EXIT, 1 }, /* older ones wait for a name lookup given up */
#endif
};

static void set_up(struct connection *c, int64_t timeout_ms)
{
	int64_t connect_ms = timeout_ms < CONNECT_MAX_MS ? timeout_ms : CONNECT_MAX_MS;

	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
		curl_easy_setopt(c->easy, settings[i].option, settings[i].value);
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(c->easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	curl_easy_setopt(c->easy, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
	curl_easy_setopt(c->easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	curl_easy_setopt(c->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
	curl_easy_setopt(c->easy, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(c->easy, CURLOPT_HEADERDATA, c);
	curl_easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(c->easy, CURLOPT_WRITEDATA, c);
	curl_easy_setopt(c->easy, CURLOPT_ERRORBUFFER, c->error);
	curl_easy_setopt(c->easy, CURLOPT_PRIVATE, c);
}

/* These are copied by libcurl; it may have no memory for it. */
static bool set_texts(struct connection *c, const char *url)
{
	return curl_easy_setopt(c->easy, CURLOPT_URL, url) == CURLE_OK &&
	       curl_easy_setopt(c->easy, CURLOPT_USERAGENT, c->http->user_agent) == CURLE_OK &&
	       curl_easy_setopt(c->easy, CURLOPT_PROXY, "") == CURLE_OK;
}

/* Copies of the lines at the end of the list; false without memory. */
static bool add_headers(struct curl_slist **list, const char *const *lines)
{
	for (; lines && *lines; lines++) {
		struct curl_slist *longer = curl_slist_append(*list, *lines);

		if (!longer)
			return false;
		*list = longer;
	}
	return true;
}

static int url_check(const char *url, struct err *err)
{
	if (strncasecmp(url, "http://", 7) != 0 && strncasecmp(url, "https://", 8) != 0)
		return err_set(err, ERR_FORMAT, "the URL does not start with http:// or https://");
#if LIBCURL_VERSION_NUM >= 0x073e00
	CURLU *parsed = curl_url();
	CURLUcode rc = parsed ? curl_url_set(parsed, CURLUPART_URL, url, 0) : CURLUE_OUT_OF_MEMORY;

	curl_url_cleanup(parsed);
	if (rc == CURLUE_OUT_OF_MEMORY)
		return err_set(err, ERR_NOMEM, "no memory for a URL");
	if (rc != CURLUE_OK)
		return err_set(err, ERR_FORMAT, "not a URL (host, port or a character)");
#endif
	return 0;
}

int connection_new(struct connection **out, struct http *http, const char *url,
		   const char *const *headers, int64_t timeout_ms, struct err *err)
{
	static const char *const no_expect[] = { "Expect:", NULL };
	struct connection *c;
	int rc = url_check(url, err);

	if (rc < 0)
		return rc;
	c = calloc(1, sizeof *c);
	if (!c)
		return err_set(err, ERR_NOMEM, "no memory for a connection");
	c->http = http;
	c->easy = curl_easy_init();
	if (!c->easy || !set_texts(c, url) || !add_headers(&c->common, no_expect) ||
	    !add_headers(&c->common, headers)) {
		connection_free(c);
		return err_set(err, ERR_NOMEM, "no memory for a connection");
	}
	set_up(c, timeout_ms);
	*out = c;
	return 0;
}

void connection_free(struct connection *c)
{
	if (!c)
		return;
	if (c->state == CONNECTION_BUSY)
		curl_multi_remove_handle(c->http->multi, c->easy);
	curl_easy_cleanup(c->easy);
	curl_slist_free_all(c->headers);
	curl_slist_free_all(c->common);
	free(c);
}

static bool build_headers(struct connection *c, const char *const *lines)
{
	curl_slist_free_all(c->headers);
	c->headers = NULL;
	for (struct curl_slist *item = c->common; item; item = item->next)
		if (!add_headers(&c->headers, (const char *const[]){ item->data, NULL }))
			return false;
	return add_headers(&c->headers, lines);
}

int connection_send(struct connection *c, const struct http_request *request, struct err *err)
{
	CURLMcode rc;

	if (!build_headers(c, request->headers))
		return err_set(err, ERR_NOMEM, "no memory for a request");
	if (request->body) {
		curl_easy_setopt(c->easy, CURLOPT_POSTFIELDS, request->body);
		curl_easy_setopt(c->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->n);
	} else {
		curl_easy_setopt(c->easy, CURLOPT_HTTPGET, 1L);
	}
	curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, c->headers);
	if (curl_easy_setopt(c->easy, CURLOPT_CUSTOMREQUEST, request->method) != CURLE_OK)
		return err_set(err, ERR_NOMEM, "no memory for a request");
	c->error[0] = '\0';
	c->retry_after[0] = '\0';
	c->n_head = 0;
	rc = curl_multi_add_handle(c->http->multi, c->easy);
	if (rc != CURLM_OK)
		return err_set(err, ERR_NOMEM, "starting a request: %s", curl_multi_strerror(rc));
	c->state = CONNECTION_BUSY;
	return 0;
}

/* A status that came is the answer, even if the connection then broke. */
static int status_of(const struct connection *c)
{
	long status = 0;

	curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
	return status < 200 ? 0 : (int)status;
}

static void describe(const struct connection *c, struct buf *out)
{
	int status = status_of(c);
	char *redirect = NULL;

	curl_easy_getinfo(c->easy, CURLINFO_REDIRECT_URL, &redirect);
	if (status == 0) {
		buf_adds(out, c->error[0] ? c->error : curl_easy_strerror(c->result));
	} else if (redirect) {
		buf_addf(out, "HTTP %d: redirects are not followed; this one leads to ", status);
		url_redact(redirect, out);
	} else {
		buf_addf(out, "HTTP %d%s", status, c->n_head > 0 ? ": " : "");
		buf_add(out, c->head, c->n_head);
	}
}

bool connection_answer(struct connection *c, struct http_answer *out)
{
	struct buf text;
	curl_off_t duration_us = 0;

	if (c->state != CONNECTION_OVER)
		return false;
	c->state = CONNECTION_FREE;
	*out = (struct http_answer){ .status = status_of(c) };
	curl_easy_getinfo(c->easy, CURLINFO_TOTAL_TIME_T, &duration_us);
	out->duration_ms = duration_us / 1000;
	memcpy(out->retry_after, c->retry_after, sizeof out->retry_after);
	buf_init(&text, 16 * 1024);
	describe(c, &text);
	text_line(out->text, sizeof out->text, buf_text(&text), text.len);
	buf_done(&text);
	return true;
}
