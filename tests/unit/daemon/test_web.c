// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "web.h"

enum { PATIENCE_MS = 5000, LARGE = 8 << 20 };

/* ---- the pages ---- */

static int render_hello(void *ctx, struct buf *out)
{
	buf_addf(out, "hello %s\n", (const char *)ctx);
	return 200;
}

static int render_unready(void *ctx, struct buf *out)
{
	(void)ctx;
	buf_adds(out, "not yet\n");
	return 503;
}

static int render_nothing(void *ctx, struct buf *out)
{
	(void)ctx, (void)out;
	return 200;
}

static int render_large(void *ctx, struct buf *out)
{
	char *to = buf_reserve(out, LARGE);

	(void)ctx;
	memset(to, 'x', LARGE);
	out->len += LARGE;
	return 200;
}

static int render_too_much(void *ctx, struct buf *out)
{
	(void)ctx;
	buf_reserve(out, out->max + 1);
	return 200;
}

static const struct web_page pages[] = {
	{ "/", "text/html; charset=utf-8", render_hello },
	{ "/-/ready", "text/plain; charset=utf-8", render_unready },
	{ "/nothing", "text/plain", render_nothing },
	{ "/large", "text/plain", render_large },
	{ "/too-much", "text/plain", render_too_much },
};

/* ---- a server and its clients, on one thread ---- */

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static char name[] = "world";

static struct web *serve(void)
{
	struct err err = { 0 };
	struct web *w = NULL;

	if (web_open(&w, "127.0.0.1:0", NULL, pages, sizeof pages / sizeof *pages, name, &err) < 0)
		fail_msg("%s", err.text);
	return w;
}

static int client(const struct web *w, const char *request)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)web_port(w)),
				  .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
	return fd;
}

/* Runs the server until it has nothing to do for a moment. */
static void settle(struct web *w)
{
	struct pollfd fd = { web_fd(w), POLLIN, 0 };

	do
		web_step(w);
	while (poll(&fd, 1, 20) > 0 || web_due_ms(w, 0) == 0);
}

/* Runs the server until the client has read up to the end; returns what it read. */
static const char *read_all(struct web *w, int fd)
{
	static char answer[16384];
	int64_t deadline_ms = now_ms() + PATIENCE_MS;
	size_t n = 0;

	while (now_ms() < deadline_ms) {
		struct pollfd fds[] = { { web_fd(w), POLLIN, 0 }, { fd, POLLIN, 0 } };
		ssize_t got;

		poll(fds, 2, 100);
		web_step(w);
		got = recv(fd, answer + n, sizeof answer - 1 - n, MSG_DONTWAIT);
		if (got == 0) {
			answer[n] = '\0';
			return answer;
		}
		if (got > 0)
			n += (size_t)got;
	}
	fail_msg("no whole answer within %d ms", PATIENCE_MS);
	return NULL;
}

static const char *ask(struct web *w, const char *request)
{
	int fd = client(w, request);
	const char *answer = read_all(w, fd);

	close(fd);
	return answer;
}

static void contains(const char *answer, const char *part)
{
	if (!strstr(answer, part))
		fail_msg("no \"%s\" in\n%s", part, answer);
}

#define TAIL " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

/* ---- what is asked and what is answered ---- */

static void answers_as_the_table_says(void **state)
{
	static const struct {
		const char *request, *first_line, *part;
	} rows[] = {
		{ "GET /" TAIL, "HTTP/1.1 200 ", "\r\n\r\nhello world\n" },
		{ "GET /?refresh=1&x=%2f" TAIL, "HTTP/1.1 200 ", "hello world" },
		{ "GET /-/ready" TAIL, "HTTP/1.1 503 ", "\r\n\r\nnot yet\n" },
		{ "GET /nothing" TAIL, "HTTP/1.1 200 ", "Content-Length: 0\r\n" },
		{ "GET /absent" TAIL, "HTTP/1.1 404 ", "\n/-/ready\n" },
		{ "GET /too-much" TAIL, "HTTP/1.1 500 ", "/too-much: more than" },
		{ "POST /" TAIL, "HTTP/1.1 405 ", "Allow: GET, HEAD\r\n" },
		{ "DELETE /absent" TAIL, "HTTP/1.1 405 ", "Allow: GET, HEAD\r\n" },
		{ "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n", "HTTP/1.1 405 ",
		  "GET or HEAD" },
		{ "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n", "HTTP/1.1 400 ",
		  "no body" },
		{ "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
		  "HTTP/1.1 400 ", "no body" },
		{ "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
		  "HTTP/1.1 200 ", "hello world" },
	};
	struct web *w = serve();

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *answer = ask(w, rows[i].request);

		if (strncmp(answer, rows[i].first_line, strlen(rows[i].first_line)) != 0)
			fail_msg("%s was answered\n%s", rows[i].request, answer);
		contains(answer, rows[i].part);
	}
	web_close(w);
}

static void tells_browsers_to_keep_and_load_nothing(void **state)
{
	struct web *w = serve();
	const char *answer = ask(w, "GET /" TAIL);

	(void)state;
	contains(answer, "Content-Type: text/html; charset=utf-8\r\n");
	contains(answer, "Cache-Control: no-store\r\n");
	contains(answer, "X-Content-Type-Options: nosniff\r\n");
	contains(answer, "Content-Security-Policy: default-src 'none'; ");
	web_close(w);
}

static void answers_head_without_the_body(void **state)
{
	struct web *w = serve();
	const char *answer = ask(w, "HEAD /" TAIL);

	(void)state;
	contains(answer, "HTTP/1.1 200 ");
	contains(answer, "Content-Length: 12\r\n");
	assert_null(strstr(answer, "hello"));
	web_close(w);
}

static void keeps_a_connection_for_the_next_request(void **state)
{
	struct web *w = serve();
	int fd = client(w, "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /-/ready" TAIL);
	const char *answer = read_all(w, fd);

	(void)state;
	contains(answer, "hello world");
	contains(answer, "not yet");
	close(fd);
	web_close(w);
}

static void refuses_a_request_that_does_not_end(void **state)
{
	struct web *w = serve();
	char request[20000] = "GET / HTTP/1.1\r\nX: ";
	size_t n = strlen(request);
	int fd;

	(void)state;
	memset(request + n, 'x', sizeof request - n - 1);
	request[sizeof request - 1] = '\0';
	fd = client(w, request);
	settle(w);
	/* Refused in words, or cut off with what it sent unread; not left waiting for more. */
	errno = 0;
	assert_true(recv(fd, request, sizeof request, MSG_DONTWAIT) > 0 || errno == ECONNRESET);
	close(fd);
	web_close(w);
}

/* ---- one client and the others ---- */

static void serves_others_while_some_stall(void **state)
{
	struct web *w = serve();
	int half = client(w, "GET / HT"), silent = client(w, "");
	int deaf = client(w, "GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
	int64_t started_ms;

	(void)state;
	settle(w);
	started_ms = now_ms();
	contains(ask(w, "GET /" TAIL), "hello world");
	assert_true(now_ms() - started_ms < 1000);
	send(half, "TP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 38, MSG_NOSIGNAL);
	contains(read_all(w, half), "hello world");
	close(half);
	close(silent);
	close(deaf);
	web_close(w);
}

static void has_nothing_due_before_a_stalled_client_times_out(void **state)
{
	struct web *w = serve();
	int half, deaf;

	(void)state;
	settle(w);
	assert_true(web_due_ms(w, 1000) == INT64_MAX);
	half = client(w, "GET / HT");
	deaf = client(w, "GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
	settle(w);
	assert_in_range(web_due_ms(w, 1000), 5000, 12000);
	close(half);
	close(deaf);
	web_close(w);
}

static void lets_no_more_in_than_it_has_room_for(void **state)
{
	enum { ROOM = 32 };
	struct web *w = serve();
	int fds[ROOM], late;
	char byte;

	(void)state;
	for (int i = 0; i < ROOM; i++) {
		fds[i] = client(w, "GET / HT");
		web_step(w);
	}
	late = client(w, "GET /" TAIL);
	settle(w);
	assert_int_equal(recv(late, &byte, 1, MSG_DONTWAIT), -1);
	for (int i = 0; i < ROOM; i++)
		close(fds[i]);
	contains(read_all(w, late), "hello world");
	close(late);
	web_close(w);
}

/* ---- where it listens ---- */

static void says_what_is_wrong_with_an_address(void **state)
{
	static const struct {
		const char *address;
		int code;
		const char *part;
	} rows[] = {
		{ "9500", ERR_FORMAT, "write HOST:PORT" },
		{ "", ERR_FORMAT, "write HOST:PORT" },
		{ "127.0.0.1:", ERR_FORMAT, "write HOST:PORT" },
		{ "127.0.0.1:http", ERR_FORMAT, "write HOST:PORT" },
		{ "127.0.0.1:65536", ERR_FORMAT, "write HOST:PORT" },
		{ "127.0.0.1:-1", ERR_FORMAT, "write HOST:PORT" },
		{ "::1:9500", ERR_FORMAT, "in brackets" },
		{ "192.0.2.1:0", ERR_IO, "no interface of this machine" },
		{ "[::1:0", ERR_FORMAT, "in brackets" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct err err = { 0 };
		struct web *w = NULL;

		if (web_open(&w, rows[i].address, NULL, pages, 1, NULL, &err) != rows[i].code)
			fail_msg("\"%s\": %d, %s", rows[i].address, err.code, err.text);
		assert_int_equal(err.code, rows[i].code);
		contains(err.text, rows[i].part);
	}
}

static void explains_a_port_that_is_taken(void **state)
{
	struct web *first = serve(), *second = NULL;
	struct err err = { 0 };
	char address[32];

	(void)state;
	snprintf(address, sizeof address, "127.0.0.1:%u", web_port(first));
	assert_int_equal(web_open(&second, address, NULL, pages, 1, NULL, &err), ERR_IO);
	contains(err.text, address);
	contains(err.text, "in use");
	contains(err.text, "--web.listen-address");
	ask(first, "GET /" TAIL); /* a connection that lingers must not keep the port */
	web_close(first);
	assert_int_equal(web_open(&second, address, NULL, pages, 1, NULL, &err), 0);
	web_close(second);
	web_close(NULL);
}

static void listens_on_names_and_on_every_address(void **state)
{
	static const char *const addresses[] = { "localhost:0", ":0", "[::1]:0", "0.0.0.0:0" };

	(void)state;
	for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
		struct err err = { 0 };
		struct web *w = NULL;
		int rc = web_open(&w, addresses[i], NULL, pages, 1, name, &err);

		if (rc < 0 && addresses[i][0] == '[' && strstr(err.text, "ddress"))
			continue; /* a machine without IPv6 */
		if (rc < 0)
			fail_msg("%s: %s", addresses[i], err.text);
		assert_true(web_port(w) > 0);
		if (addresses[i][0] != '[')
			contains(ask(w, "GET /" TAIL), "hello world");
		web_close(w);
	}
}

static void an_address_can_give_way_to_all_of_them_on_the_same_port(void **state)
{
	struct web *first, *second;
	char address[32];
	struct err err;

	(void)state;
	assert_int_equal(web_open(&first, "127.0.0.1:0", NULL, pages, 1, NULL, &err), 0);
	snprintf(address, sizeof address, ":%u", web_port(first));
	assert_int_equal(web_open(&second, address, NULL, pages, 1, NULL, &err), ERR_IO);
	assert_int_equal(web_open(&second, address, first, pages, 1, NULL, &err), 0);
	web_close(first);
	/* The port is nobody else's for that. */
	assert_int_equal(web_open(&first, address, NULL, pages, 1, NULL, &err), ERR_IO);
	web_close(second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_as_the_table_says),
		cmocka_unit_test(tells_browsers_to_keep_and_load_nothing),
		cmocka_unit_test(answers_head_without_the_body),
		cmocka_unit_test(keeps_a_connection_for_the_next_request),
		cmocka_unit_test(refuses_a_request_that_does_not_end),
		cmocka_unit_test(serves_others_while_some_stall),
		cmocka_unit_test(has_nothing_due_before_a_stalled_client_times_out),
		cmocka_unit_test(lets_no_more_in_than_it_has_room_for),
		cmocka_unit_test(says_what_is_wrong_with_an_address),
		cmocka_unit_test(explains_a_port_that_is_taken),
		cmocka_unit_test(listens_on_names_and_on_every_address),
		cmocka_unit_test(an_address_can_give_way_to_all_of_them_on_the_same_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
