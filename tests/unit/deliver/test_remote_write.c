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
	options = rig_options(rig, PROTOCOL_REMOTE_WRITE);
	rig_open(rig, &options);
}

static void sends_everything_once_and_in_order(void **state)
{
	struct rig rig;

	(void)state;
	START(&rig, { .status = 204 });
	rig_put(&rig, "abc", 1);
	rig_put(&rig, "defghi", 2);
	rig_put(&rig, "j", 3);
	assert_true(rig_drain(&rig, 5000));
	rig_put(&rig, "kl", 4);
	assert_true(rig_drain(&rig, 5000));
	rig_run(&rig, 20);
	assert_string_equal(rig_bodies(&rig), "abcd efgh ij kl");
	assert_int_equal(rig.peer.n_connections, 1);
	assert_int_equal(rig_status(&rig).sent_samples, 12);
	assert_int_equal(rig_status(&rig).sent_bytes, 12);
	assert_int_equal(rig_status(&rig).requests, 4);
	assert_int_equal(rig_status(&rig).retried_samples, 0);
	assert_int_equal(rig_status(&rig).newest_sent_ms, 4);
	assert_int_equal(rig_status(&rig).last_success_ms, 1000);
	assert_int_equal(rig_status(&rig).queue.samples, 0);
	assert_int_equal(rig_status(&rig).state, DESTINATION_IDLE);
	assert_no_event(&rig);
	rig_stop(&rig);
	assert_true(rig.encoder_freed);
}

static void requests_are_remote_write_1(void **state)
{
	static const char *const headers[] = { "X-Scope-OrgID: tenant", NULL };
	static const char *const table[][2] = {
		{ "Content-Type", "application/x-protobuf" },
		{ "Content-Encoding", "snappy" },
		{ "X-Prometheus-Remote-Write-Version", "0.1.0" },
		{ "User-Agent", "pusher/1" },
		{ "X-Scope-OrgID", "tenant" },
		{ "Expect", NULL },
		{ "Retry-Attempt", NULL },
	};
	struct destination_options options;
	struct rig rig;

	(void)state;
	rig_start(&rig, SCRIPT({ .status = 204 }), 1);
	options = rig_options(&rig, PROTOCOL_REMOTE_WRITE);
	options.headers = headers;
	rig_open(&rig, &options);
	rig_put(&rig, "abc", 1);
	assert_true(rig_drain(&rig, 5000));
	assert_memory_equal(rig.peer.heard[0].head, "POST /some/path HTTP/1.1\r\n", 26);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		if (table[i][1])
			assert_string_equal(rig_header(&rig, 0, table[i][0]), table[i][1]);
		else
			assert_null(rig_header(&rig, 0, table[i][0]));
	}
	rig_stop(&rig);
}

static void a_retry_sends_the_same_bytes_and_says_which_attempt_it_is(void **state)
{
	struct rig rig;

	(void)state;
	START(&rig, { .status = 503, .body = "no\n\tleader" }, { .status = 500 }, { .status = 429 },
	      { .status = 204 });
	rig_put(&rig, "ab", 1);
	rig_until_heard(&rig, 1);
	rig_put(&rig, "cd", 2);
	assert_true(rig_drain(&rig, 5000));
	assert_string_equal(rig_bodies(&rig), "ab ab ab ab cd");
	assert_null(rig_header(&rig, 0, "Retry-Attempt"));
	assert_string_equal(rig_header(&rig, 1, "Retry-Attempt"), "1");
	assert_string_equal(rig_header(&rig, 2, "Retry-Attempt"), "2");
	assert_string_equal(rig_header(&rig, 3, "Retry-Attempt"), "3");
	assert_null(rig_header(&rig, 4, "Retry-Attempt"));
	assert_int_equal(rig_status(&rig).sent_samples, 4);
	assert_int_equal(rig_status(&rig).retried_samples, 6);
	assert_event(&rig, EVENT_FAILING, "HTTP 503: no leader", 0);
	assert_event(&rig, EVENT_RECOVERED, "HTTP 204", 0);
	assert_no_event(&rig);
	rig_stop(&rig);
}

static void retry_after_is_kept(void **state)
{
	struct destination_status status;
	struct rig rig;

	(void)state;
	START(&rig, { .status = 503, .headers = "Retry-After: 30\r\n" });
	rig_put(&rig, "ab", 1);
	rig_until_heard(&rig, 1);
	status = rig_status(&rig);
	assert_int_equal(status.state, DESTINATION_WAITING);
	assert_in_range(status.next_attempt_ms - real_ms(), 29000, 30000);
	assert_int_equal(deliver_due_ms(rig.d), status.next_attempt_ms);
	assert_false(status.ok);
	assert_string_equal(status.last_error, "HTTP 503");
	deliver_stop(rig.d);
	assert_false(rig_drain(&rig, 50));
	deliver_step(rig.d, status.next_attempt_ms - 1, 1000);
	assert_int_equal(rig_status(&rig).state, DESTINATION_WAITING);
	deliver_step(rig.d, status.next_attempt_ms, 1000);
	assert_int_equal(rig_status(&rig).state, DESTINATION_SENDING);
	rig_stop(&rig);
}

static void what_somebody_must_repair_is_tried_rarely_and_nothing_is_lost(void **state)
{
	struct rig rig;

	(void)state;
	START(&rig, { .status = 403, .body = "no role yet" }, { .status = 204 });
	rig_put(&rig, "ab", 1);
	rig_until_heard(&rig, 1);
	assert_in_range(rig_status(&rig).next_attempt_ms - real_ms(), 20 * 12 - 50, 20 * 12);
	assert_true(rig_drain(&rig, 5000));
	assert_string_equal(rig_bodies(&rig), "ab ab");
	assert_int_equal(rig_status(&rig).failed_samples, 0);
	assert_event(&rig, EVENT_FAILING, "HTTP 403: no role yet", 0);
	rig_stop(&rig);
}

static void too_large_a_request_is_halved_until_it_fits(void **state)
{
	struct rig rig;

	(void)state;
	START(&rig, { .status = 413 }, { .status = 413 }, { .status = 204 });
	rig_put(&rig, "abcdefghij", 1);
	assert_true(rig_drain(&rig, 5000));
	/* one more with each success, up to the limit again */
	assert_string_equal(rig_bodies(&rig), "abcd ab a bc def ghij");
	assert_int_equal(rig_status(&rig).sent_samples, 10);
	assert_int_equal(rig_status(&rig).failed_samples, 0);
	assert_no_event(&rig);
	rig_stop(&rig);
}

static void a_sample_too_large_by_itself_is_given_up(void **state)
{
	struct rig rig;

	(void)state;
	START(&rig, { .status = 413 }, { .status = 413 }, { .status = 413, .body = "huge" },
	      { .status = 204 });
	rig_put(&rig, "abcd", 1);
	assert_true(rig_drain(&rig, 5000));
	assert_string_equal(rig_bodies(&rig), "abcd ab a b cd");
	assert_int_equal(rig_status(&rig).failed_samples, 1);
	assert_event(&rig, EVENT_REJECTED, "HTTP 413: huge", 1);
	rig_stop(&rig);
}

static void a_refused_batch_is_counted_and_the_next_one_goes_on(void **state)
{
	struct rig rig;

	(void)state;
	START(&rig, { .status = 204 }, { .status = 400, .body = "out of order\n" },
	      { .status = 400 }, { .status = 422 }, { .status = 204 });
	rig_put(&rig, "abcdefghijklmnopqrst", 1);
	assert_true(rig_drain(&rig, 5000));
	assert_string_equal(rig_bodies(&rig), "abcd efgh ijkl mnop qrst");
	assert_int_equal(rig_status(&rig).sent_samples, 8);
	assert_int_equal(rig_status(&rig).failed_samples, 12);
	assert_int_equal(rig_status(&rig).retried_samples, 0);
	assert_true(rig_status(&rig).ok);
	assert_string_equal(rig_status(&rig).last_error, "");
	assert_event(&rig, EVENT_REJECTED, "HTTP 400: out of order", 4);
	assert_event(&rig, EVENT_REJECTED, "HTTP 422", 4); /* another kind */
	assert_event(&rig, EVENT_RECOVERED, "HTTP 204", 0);
	assert_no_event(&rig);
	rig_stop(&rig);
}

static void a_block_that_cannot_be_read_is_given_up(void **state)
{
	struct rig rig;

	(void)state;
	START(&rig, { .status = 204 });
	rig_put(&rig, "ab", 1);
	rig_put(&rig, "!!!", 2);
	rig_put(&rig, "cd", 3);
	assert_true(rig_drain(&rig, 5000));
	assert_string_equal(rig_bodies(&rig), "ab cd");
	assert_int_equal(rig_status(&rig).failed_samples, 3);
	assert_event(&rig, EVENT_REJECTED, "not letters", 3);
	rig_stop(&rig);
}

static void a_request_is_made_anew_when_some_of_it_has_become_too_old(void **state)
{
	struct destination_options options;
	struct rig rig;

	(void)state;
	rig_start(&rig, SCRIPT({ .status = 503 }, { .status = 503 }, { .status = 204 }), 3);
	options = rig_options(&rig, PROTOCOL_REMOTE_WRITE);
	options.queue.max_age_ms = 1000;
	rig_open(&rig, &options);
	rig_put(&rig, "ab", 500);
	rig_put(&rig, "cd", 900);
	rig_until_heard(&rig, 2);
	rig.wall_ms = 1600;
	assert_true(rig_drain(&rig, 5000));
	assert_string_equal(rig_bodies(&rig), "abcd abcd cd");
	assert_null(rig_header(&rig, 2, "Retry-Attempt"));
	assert_int_equal(rig_status(&rig).queue.dropped_too_old, 2);
	assert_int_equal(rig_status(&rig).sent_samples, 2);
	rig_stop(&rig);
}

static void what_was_pushed_out_under_way_takes_nothing_else_with_it(void **state)
{
	struct destination_options options;
	struct rig rig;

	(void)state;
	rig_start(&rig, SCRIPT({ .status = 204, .delay_ms = 50 }, { .status = 204 }), 2);
	options = rig_options(&rig, PROTOCOL_REMOTE_WRITE);
	options.queue = (struct queue_options){ .max_bytes = 8, .segment_bytes = 1 };
	rig_open(&rig, &options);
	rig_put(&rig, "ab", 1);
	rig_put(&rig, "cdef", 2);
	rig_run(&rig, 20); /* "abcd" is under way */
	assert_int_equal(rig_status(&rig).state, DESTINATION_SENDING);
	rig_put(&rig, "ghij", 3); /* pushes "ab" out */
	assert_int_equal(rig_status(&rig).queue.dropped_full, 2);
	assert_true(rig_drain(&rig, 5000));
	assert_string_equal(rig_bodies(&rig), "abcd efgh ij");
	rig_stop(&rig);
}

static void a_status_that_came_is_the_answer_however_the_connection_ends(void **state)
{
	static const struct {
		struct reply reply;
		const char *bodies;
		uint64_t failed;
	} table[] = {
		{ { .status = 200, .body = "well", .kind = REPLY_HALF_BODY }, "ab", 0 },
		{ { .status = 400, .body = "bad", .kind = REPLY_HALF_BODY }, "ab", 2 },
		{ { .kind = REPLY_NONE }, "ab ab", 0 },
		{ { .status = 200, .kind = REPLY_HALF_LINE }, "ab ab", 0 },
		{ { .kind = REPLY_CONTINUE }, "ab ab", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct rig rig;

		START(&rig, table[i].reply, { .status = 204 });
		rig_put(&rig, "ab", 1);
		assert_true(rig_drain(&rig, 5000));
		rig_run(&rig, 20);
		assert_string_equal(rig_bodies(&rig), table[i].bodies);
		assert_int_equal(rig_status(&rig).failed_samples, table[i].failed);
		rig_stop(&rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sends_everything_once_and_in_order),
		cmocka_unit_test(requests_are_remote_write_1),
		cmocka_unit_test(a_retry_sends_the_same_bytes_and_says_which_attempt_it_is),
		cmocka_unit_test(retry_after_is_kept),
		cmocka_unit_test(what_somebody_must_repair_is_tried_rarely_and_nothing_is_lost),
		cmocka_unit_test(too_large_a_request_is_halved_until_it_fits),
		cmocka_unit_test(a_sample_too_large_by_itself_is_given_up),
		cmocka_unit_test(a_refused_batch_is_counted_and_the_next_one_goes_on),
		cmocka_unit_test(a_block_that_cannot_be_read_is_given_up),
		cmocka_unit_test(a_request_is_made_anew_when_some_of_it_has_become_too_old),
		cmocka_unit_test(what_was_pushed_out_under_way_takes_nothing_else_with_it),
		cmocka_unit_test(a_status_that_came_is_the_answer_however_the_connection_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
