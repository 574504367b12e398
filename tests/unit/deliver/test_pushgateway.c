// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "peer.c"
#include "rig.c"

static void start(struct rig *rig, const struct reply *script, size_t n)
{
	struct destination_options options;

	rig_start(rig, script, n);
	options = rig_options(rig, PROTOCOL_PUSHGATEWAY);
	rig_open(rig, &options);
}

static void a_push_is_a_put_of_the_text(void **state)
{
	struct rig rig;

	(void)state;
	START(&rig, { .status = 200 });
	assert_null(destination_queue(rig.dst));
	rig_offer(&rig, "text", NULL);
	assert_int_equal(rig_status(&rig).queue.samples, 4);
	assert_true(rig_drain(&rig, 5000));
	assert_string_equal(rig_bodies(&rig), "text");
	assert_memory_equal(rig.peer.heard[0].head, "PUT /some/path HTTP/1.1\r\n", 25);
	assert_string_equal(rig_header(&rig, 0, "Content-Type"),
			    "text/plain; version=0.0.4; charset=utf-8");
	assert_null(rig_header(&rig, 0, "Content-Encoding"));
	assert_null(rig_header(&rig, 0, "Expect"));
	assert_int_equal(rig_status(&rig).sent_samples, 4);
	assert_int_equal(rig_status(&rig).newest_sent_ms, 7);
	assert_int_equal(rig_status(&rig).queue.samples, 0);
	rig_stop(&rig);
}

static void an_empty_push_is_a_push(void **state)
{
	struct rig rig;

	(void)state;
	START(&rig, { .status = 200 });
	rig_offer(&rig, "", NULL);
	assert_true(rig_drain(&rig, 5000));
	assert_string_equal(rig_method(&rig, 0), "PUT");
	assert_string_equal(rig_header(&rig, 0, "Content-Length"), "0");
	rig_stop(&rig);
}

static void compression_is_kept_where_the_server_takes_it(void **state)
{
	struct rig rig;

	(void)state;
	START(&rig, { .status = 200 }, { .status = 400, .body = "inconsistent" });
	rig_offer(&rig, "one", "gz1");
	assert_true(rig_drain(&rig, 5000));
	assert_string_equal(rig_header(&rig, 0, "Content-Encoding"), "gzip");
	rig_offer(&rig, "two", "gz2");
	assert_true(rig_drain(&rig, 5000));
	/* this refusal has another reason than compression */
	assert_string_equal(rig_bodies(&rig), "gz1 gz2");
	assert_event(&rig, EVENT_REJECTED, "HTTP 400: inconsistent", 3);
	rig_stop(&rig);
}

static void compression_is_given_up_where_the_server_does_not_take_it(void **state)
{
	struct rig rig;

	(void)state;
	START(&rig, { .status = 400 }, { .status = 200 });
	rig_offer(&rig, "one", "gz1");
	assert_true(rig_drain(&rig, 5000));
	rig_offer(&rig, "two", "gz2");
	assert_true(rig_drain(&rig, 5000));
	assert_string_equal(rig_bodies(&rig), "gz1 one two");
	assert_null(rig_header(&rig, 1, "Content-Encoding"));
	assert_null(rig_header(&rig, 2, "Content-Encoding"));
	assert_int_equal(rig_status(&rig).sent_samples, 6);
	assert_int_equal(rig_status(&rig).failed_samples, 0);
	assert_no_event(&rig);
	rig_stop(&rig);
}

static void compression_is_not_blamed_for_what_is_refused_plain_too(void **state)
{
	struct rig rig;

	(void)state;
	START(&rig, { .status = 400 }, { .status = 400 }, { .status = 200 });
	rig_offer(&rig, "one", "gz1");
	assert_true(rig_drain(&rig, 5000));
	rig_offer(&rig, "two", "gz2");
	assert_true(rig_drain(&rig, 5000));
	assert_string_equal(rig_bodies(&rig), "gz1 one gz2");
	assert_int_equal(rig_status(&rig).failed_samples, 3);
	rig_stop(&rig);
}

static void compression_is_not_used_unless_wanted(void **state)
{
	struct destination_options options;
	struct rig rig;

	(void)state;
	rig_start(&rig, SCRIPT({ .status = 200 }), 1);
	options = rig_options(&rig, PROTOCOL_PUSHGATEWAY);
	options.gzip = false;
	rig_open(&rig, &options);
	rig_offer(&rig, "one", "gz1");
	assert_true(rig_drain(&rig, 5000));
	assert_string_equal(rig_bodies(&rig), "one");
	rig_stop(&rig);
}

static void only_the_newest_is_sent_after_a_backoff(void **state)
{
	struct destination_options options;
	struct rig rig;

	(void)state;
	rig_start(&rig, SCRIPT({ .status = 503 }, { .status = 200 }), 2);
	options = rig_options(&rig, PROTOCOL_PUSHGATEWAY);
	options.min_backoff_ms = options.max_backoff_ms = 100;
	rig_open(&rig, &options);
	rig_offer(&rig, "one", NULL);
	rig_until_heard(&rig, 1);
	rig_offer(&rig, "second", NULL);
	rig_offer(&rig, "third", NULL);
	assert_int_equal(rig_status(&rig).state, DESTINATION_WAITING);
	assert_int_equal(rig_status(&rig).queue.samples, 5);
	assert_int_equal(rig_status(&rig).queue.dropped_full, 3 + 6);
	assert_true(rig_drain(&rig, 5000));
	assert_string_equal(rig_bodies(&rig), "one third");
	assert_int_equal(rig_status(&rig).sent_samples, 5);
	rig_stop(&rig);
}

static void only_the_newest_is_sent_after_the_one_under_way(void **state)
{
	static const struct {
		int status;
		const char *bodies;
		uint64_t dropped;
	} table[] = {
		{ 200, "one third", 6 },
		{ 400, "one third", 6 },
		{ 503, "one third", 9 }, /* there is something newer: not again */
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct rig rig;

		START(&rig, { .status = table[i].status, .delay_ms = 40 }, { .status = 200 });
		rig_offer(&rig, "one", NULL);
		rig_run(&rig, 10);
		assert_int_equal(rig_status(&rig).state, DESTINATION_SENDING);
		rig_offer(&rig, "second", NULL);
		rig_offer(&rig, "third", NULL);
		assert_true(rig_drain(&rig, 5000));
		assert_string_equal(rig_bodies(&rig), table[i].bodies);
		assert_int_equal(rig_status(&rig).queue.dropped_full, table[i].dropped);
		rig_stop(&rig);
	}
}

static void a_refused_snapshot_is_not_tried_again(void **state)
{
	struct rig rig;

	(void)state;
	START(&rig, { .status = 400, .body = "is not a GAUGE" }, { .status = 200 });
	rig_offer(&rig, "one", NULL);
	assert_true(rig_drain(&rig, 5000));
	rig_run(&rig, 50);
	assert_string_equal(rig_bodies(&rig), "one");
	assert_false(rig_status(&rig).ok);
	assert_string_equal(rig_status(&rig).last_error, "HTTP 400: is not a GAUGE");
	assert_int_equal(rig_status(&rig).failed_samples, 3);
	rig_offer(&rig, "two", NULL);
	assert_true(rig_drain(&rig, 5000));
	assert_string_equal(rig_bodies(&rig), "one two");
	assert_true(rig_status(&rig).ok);
	assert_event(&rig, EVENT_REJECTED, "HTTP 400: is not a GAUGE", 3);
	assert_event(&rig, EVENT_RECOVERED, "HTTP 200", 0);
	rig_stop(&rig);
}

static void a_snapshot_that_breaks_the_connection_is_given_up_after_three_attempts(void **state)
{
	struct rig rig;

	(void)state;
	START(&rig, { .kind = REPLY_NONE }, { .kind = REPLY_NONE }, { .kind = REPLY_NONE },
	      { .status = 200 });
	rig_offer(&rig, "one", NULL);
	assert_true(rig_drain(&rig, 5000));
	rig_run(&rig, 50);
	assert_string_equal(rig_bodies(&rig), "one one one");
	assert_int_equal(rig_status(&rig).failed_samples, 3);
	assert_false(rig_status(&rig).ok);
	rig_offer(&rig, "two", NULL);
	assert_true(rig_drain(&rig, 5000));
	assert_string_equal(rig_bodies(&rig), "one one one two");
	rig_stop(&rig);
}

static void an_answer_that_asks_for_patience_is_given_it(void **state)
{
	struct rig rig;

	(void)state;
	START(&rig, { .status = 503 }, { .status = 500 }, { .status = 429 }, { .status = 408 },
	      { .status = 200 });
	rig_offer(&rig, "one", NULL);
	assert_true(rig_drain(&rig, 5000));
	assert_string_equal(rig_bodies(&rig), "one one one one one");
	assert_int_equal(rig_status(&rig).retried_samples, 12);
	assert_int_equal(rig_status(&rig).failed_samples, 0);
	rig_stop(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_push_is_a_put_of_the_text),
		cmocka_unit_test(an_empty_push_is_a_push),
		cmocka_unit_test(compression_is_kept_where_the_server_takes_it),
		cmocka_unit_test(compression_is_given_up_where_the_server_does_not_take_it),
		cmocka_unit_test(compression_is_not_blamed_for_what_is_refused_plain_too),
		cmocka_unit_test(compression_is_not_used_unless_wanted),
		cmocka_unit_test(only_the_newest_is_sent_after_a_backoff),
		cmocka_unit_test(only_the_newest_is_sent_after_the_one_under_way),
		cmocka_unit_test(a_refused_snapshot_is_not_tried_again),
		cmocka_unit_test(
			a_snapshot_that_breaks_the_connection_is_given_up_after_three_attempts),
		cmocka_unit_test(an_answer_that_asks_for_patience_is_given_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
