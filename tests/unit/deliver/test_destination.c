// SPDX-License-Identifier: Apache-2.0
/* What holds for a destination of either kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "peer.c"
#include "rig.c"

static void start(struct rig *rig, const struct reply *script, size_t n)
{
	struct destination_options options;

	rig_start(rig, script, n);
	options = rig_options(rig, PROTOCOL_REMOTE_WRITE);
	rig_open(rig, &options);
}

static void a_redirect_is_refused_and_says_where_to(void **state)
{
	struct rig rig;

	(void)state;
	START(&rig, { .status = 301, .headers = "Location: https://u:p@other/write?key=1\r\n" },
	      { .status = 204 });
	rig_put(&rig, "ab", 1);
	assert_true(rig_drain(&rig, 5000));
	rig_run(&rig, 20);
	assert_string_equal(rig_bodies(&rig), "ab");
	assert_int_equal(rig_status(&rig).failed_samples, 2);
	assert_false(rig_status(&rig).ok);
	assert_event(&rig, EVENT_REJECTED,
		     "HTTP 301: redirects are not followed; this one leads to https://other/write",
		     2);
	rig_stop(&rig);
}

static void of_a_huge_answer_one_line_is_kept_and_the_connection_too(void **state)
{
	struct destination_status status;
	struct rig rig;

	(void)state;
	START(&rig,
	      { .status = 400,
		.body = " two\r\n lines\t\x1b[31m \xc3\xbc\x7f ",
		.padding = 3 << 20 },
	      { .status = 204 });
	rig_put(&rig, "ab", 1);
	assert_true(rig_drain(&rig, 5000));
	status = rig_status(&rig);
	assert_memory_equal(status.last_error, "HTTP 400: two lines [31m ?? xxx", 31);
	assert_in_range(strlen(status.last_error), 500, 599);
	rig_put(&rig, "cd", 2);
	assert_true(rig_drain(&rig, 5000));
	assert_int_equal(rig.peer.n_connections, 1);
	rig_stop(&rig);
}

static void a_large_request_arrives_whole(void **state)
{
	enum { LARGE = 3 << 20 };
	struct destination_options options;
	struct buf text;
	struct rig rig;

	(void)state;
	rig_start(&rig, SCRIPT({ .status = 200 }), 1);
	options = rig_options(&rig, PROTOCOL_PUSHGATEWAY);
	rig_open(&rig, &options);
	buf_init(&text, LARGE);
	memset(buf_reserve(&text, LARGE), 'x', LARGE);
	text.len = LARGE;
	assert_int_equal(destination_offer(rig.dst, &text, NULL, 1, 1, NULL), 0);
	assert_true(rig_drain(&rig, 5000));
	assert_int_equal(rig.peer.heard[0].n, LARGE);
	assert_null(rig_header(&rig, 0, "Expect"));
	assert_memory_equal(rig.peer.heard[0].body, text.ptr, LARGE);
	buf_done(&text);
	rig_stop(&rig);
}

static void the_path_goes_out_as_it_is_and_no_proxy_is_taken_from_the_environment(void **state)
{
	struct destination_options options;
	struct rig rig;
	char url[128];

	(void)state;
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("all_proxy", "http://127.0.0.1:1", 1);
	rig_start(&rig, SCRIPT({ .status = 204 }), 1);
	options = rig_options(&rig, PROTOCOL_REMOTE_WRITE);
	snprintf(url, sizeof url, "http://127.0.0.1:%d/a/../job@base64/_w==?x=1", rig.peer.port);
	options.url = url;
	rig_open(&rig, &options);
	rig_put(&rig, "ab", 1);
	assert_true(rig_drain(&rig, 5000));
	assert_memory_equal(rig.peer.heard[0].head, "POST /a/../job@base64/_w==?x=1 HTTP/1.1", 39);
	unsetenv("http_proxy");
	unsetenv("all_proxy");
	rig_stop(&rig);
}

static void a_change_is_told_once_each_time(void **state)
{
	struct rig rig;

	(void)state;
	START(&rig, { .status = 503 }, { .status = 502 }, { .status = 400 }, { .status = 500 },
	      { .status = 204 }, { .status = 400 }, { .status = 204 });
	rig_put(&rig, "abcdefghijklmnop", 1);
	assert_true(rig_drain(&rig, 5000));
	/* only the last four are kept for who does not ask */
	assert_event(&rig, EVENT_REJECTED, "HTTP 400", 4);
	assert_event(&rig, EVENT_RECOVERED, "HTTP 204", 0);
	assert_event(&rig, EVENT_REJECTED, "HTTP 400", 4);
	assert_event(&rig, EVENT_RECOVERED, "HTTP 204", 0);
	assert_no_event(&rig);
	rig_stop(&rig);
}

static void what_cannot_be_used_is_refused_before_anything_is_sent(void **state)
{
	static const struct {
		const char *url, *header;
		const char *text;
	} table[] = {
		{ "", NULL, "receiver: the URL does not start with http:// or https://" },
		{ "ftp://h/", NULL, "receiver: the URL does not start with http:// or https://" },
		{ "http://", NULL, "receiver: not a URL (host, port or a character)" },
		{ "http://h:99999/", NULL, "receiver: not a URL (host, port or a character)" },
		{ "http://h/a b", NULL, "receiver: not a URL (host, port or a character)" },
		{ "http://h/\r\nX: y", NULL, "receiver: not a URL (host, port or a character)" },
		{ "http://h/", "no colon", "receiver: a header is not \"Name: value\"" },
		{ "http://h/", ": v", "receiver: a header is not \"Name: value\"" },
		{ "http://h/", "A: b\r\nC: d", "receiver: header A holds a control character" },
		{ "http://h/", "content-type: text",
		  "receiver: header content-type cannot be set: the protocol does" },
	};
	struct rig rig;

	(void)state;
	rig_start(&rig, NULL, 0);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const char *const headers[] = { table[i].header, NULL };
		struct destination_options options = rig_options(&rig, PROTOCOL_REMOTE_WRITE);
		struct err err = { 0 };

		options.url = table[i].url;
		options.headers = headers;
		rig.encoder_freed = false;
		assert_int_equal(destination_new(&rig.dst, rig.d, &options, &err), ERR_FORMAT);
		assert_string_equal(err.text, table[i].text);
		assert_true(rig.encoder_freed);
	}
	assert_true(deliver_is_drained(rig.d));
	rig_stop(&rig);
}

static void a_url_is_shown_without_its_secrets(void **state)
{
	static const struct {
		const char *url, *shown;
	} table[] = {
		{ "http://h:9091/metrics/job/slurm", "http://h:9091/metrics/job/slurm" },
		{ "https://user:pass@h/api?token=1#x", "https://h/api" },
		{ "https://user:p@ss@[::1]:80", "https://[::1]:80" },
		{ "http://h/job@base64/YQ==", "http://h/job@base64/YQ==" },
		{ "http://h?q=a@b", "http://h" },
		{ "user@h/path#y", "h/path" },
		{ "", "" },
	};
	struct buf text;

	(void)state;
	buf_init(&text, 100);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		buf_clear(&text);
		url_redact(table[i].url, &text);
		assert_string_equal(buf_text(&text), table[i].shown);
	}
	buf_done(&text);
}

static void destinations_come_and_go(void **state)
{
	struct destination *dst[3];
	struct rig rig;

	(void)state;
	rig_start(&rig, NULL, 0);
	for (int i = 0; i < 3; i++) {
		struct destination_options options = rig_options(&rig, PROTOCOL_REMOTE_WRITE);

		assert_int_equal(destination_new(&dst[i], rig.d, &options, NULL), 0);
	}
	destination_free(dst[1]);
	destination_free(NULL);
	assert_int_equal(deliver_due_ms(rig.d), INT64_MAX);
	assert_true(deliver_is_drained(rig.d));
	rig_stop(&rig);
	deliver_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_redirect_is_refused_and_says_where_to),
		cmocka_unit_test(of_a_huge_answer_one_line_is_kept_and_the_connection_too),
		cmocka_unit_test(a_large_request_arrives_whole),
		cmocka_unit_test(
			the_path_goes_out_as_it_is_and_no_proxy_is_taken_from_the_environment),
		cmocka_unit_test(a_change_is_told_once_each_time),
		cmocka_unit_test(what_cannot_be_used_is_refused_before_anything_is_sent),
		cmocka_unit_test(a_url_is_shown_without_its_secrets),
		cmocka_unit_test(destinations_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
