// SPDX-License-Identifier: Apache-2.0
/* How a destination ends, and what another takes over from it. */
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
	rig_start(rig, script, n);
}

static void open_destination(struct rig *rig, enum protocol protocol)
{
	struct destination_options options = rig_options(rig, protocol);

	options.delete_on_stop = true;
	rig_open(rig, &options);
}

static void when_stopping_what_waits_is_still_sent(void **state)
{
	struct rig rig;

	(void)state;
	START(&rig, { .status = 503 }, { .status = 204 });
	open_destination(&rig, PROTOCOL_REMOTE_WRITE);
	rig_put(&rig, "abcdef", 1);
	deliver_stop(rig.d);
	assert_false(deliver_is_drained(rig.d));
	assert_true(rig_drain(&rig, 5000));
	assert_string_equal(rig_bodies(&rig), "abcd abcd ef");
	rig_stop(&rig);
}

static void what_waits_goes_over_to_the_destination_that_takes_its_place(void **state)
{
	struct destination_options options;
	struct rig rig;

	(void)state;
	START(&rig, { .status = 204 }, { .status = 503 }, { .status = 204 });
	open_destination(&rig, PROTOCOL_REMOTE_WRITE);
	rig_put(&rig, "abcdef", 1);
	rig_until_heard(&rig, 2); /* "abcd" is sent, "ef" was put off */
	options = rig_options(&rig, PROTOCOL_REMOTE_WRITE);
	options.inherited = destination_dissolve(rig.dst);
	assert_true(rig.encoder_freed);
	assert_true(deliver_is_drained(rig.d));
	rig_open(&rig, &options);
	rig_put(&rig, "gh", 2);
	assert_true(rig_drain(&rig, 5000));
	assert_string_equal(rig_bodies(&rig), "abcd ef efgh");
	rig_stop(&rig);
}

static void what_was_to_go_over_is_freed_when_nothing_takes_its_place(void **state)
{
	struct destination_options options;
	struct rig rig;

	(void)state;
	START(&rig, { .status = 204 });
	open_destination(&rig, PROTOCOL_REMOTE_WRITE);
	rig_put(&rig, "ab", 1);
	options = rig_options(&rig, PROTOCOL_REMOTE_WRITE);
	options.inherited = destination_dissolve(rig.dst);
	options.url = "nowhere";
	assert_int_equal(destination_new(&rig.dst, rig.d, &options, NULL), ERR_FORMAT);
	rig_stop(&rig);
}

static void a_clean_stop_deletes_the_group(void **state)
{
	struct rig rig;

	(void)state;
	START(&rig, { .status = 200 }, { .status = 202 });
	open_destination(&rig, PROTOCOL_PUSHGATEWAY);
	rig_offer(&rig, "one", NULL);
	assert_true(rig_drain(&rig, 5000));
	rig_offer(&rig, "two", NULL); /* never sent: it would be deleted at once */
	deliver_stop(rig.d);
	assert_false(deliver_is_drained(rig.d));
	assert_true(rig_drain(&rig, 5000));
	assert_int_equal(peer_n_heard(&rig.peer), 2);
	assert_memory_equal(rig.peer.heard[1].head, "DELETE /some/path HTTP/1.1\r\n", 28);
	assert_int_equal(rig.peer.heard[1].n, 0);
	assert_null(rig_header(&rig, 1, "Content-Type"));
	assert_true(rig_status(&rig).ok);
	rig_stop(&rig);
}

static void the_delete_comes_after_what_is_under_way(void **state)
{
	struct rig rig;

	(void)state;
	START(&rig, { .status = 200, .delay_ms = 40 }, { .status = 202 });
	open_destination(&rig, PROTOCOL_PUSHGATEWAY);
	rig_offer(&rig, "one", NULL);
	rig_run(&rig, 10);
	deliver_stop(rig.d);
	assert_true(rig_drain(&rig, 5000));
	assert_int_equal(peer_n_heard(&rig.peer), 2);
	assert_string_equal(rig_method(&rig, 0), "PUT");
	assert_string_equal(rig_method(&rig, 1), "DELETE");
	assert_int_equal(rig_status(&rig).sent_samples, 3);
	rig_stop(&rig);
}

static void a_delete_that_fails_is_tried_again_but_not_for_ever(void **state)
{
	struct rig rig;

	(void)state;
	START(&rig, { .status = 200 }, { .status = 503 }, { .kind = REPLY_NONE });
	open_destination(&rig, PROTOCOL_PUSHGATEWAY);
	rig_offer(&rig, "one", NULL);
	assert_true(rig_drain(&rig, 5000));
	deliver_stop(rig.d);
	assert_true(rig_drain(&rig, 5000));
	/* 200, 503, and three times no answer (once more by libcurl itself, when it finds the
	 * kept connection closed) */
	assert_in_range(peer_n_heard(&rig.peer), 5, 6);
	rig_stop(&rig);
}

static void nothing_is_deleted_that_was_never_pushed(void **state)
{
	struct rig rig;

	(void)state;
	START(&rig, { .status = 202 });
	open_destination(&rig, PROTOCOL_PUSHGATEWAY);
	deliver_stop(rig.d);
	assert_true(deliver_is_drained(rig.d));
	rig_run(&rig, 20);
	assert_int_equal(peer_n_heard(&rig.peer), 0);
	rig_stop(&rig);
}

static void without_delete_on_stop_the_last_snapshot_stays(void **state)
{
	struct destination_options options;
	struct rig rig;

	(void)state;
	rig_start(&rig, SCRIPT({ .status = 503 }, { .status = 200 }), 2);
	options = rig_options(&rig, PROTOCOL_PUSHGATEWAY);
	rig_open(&rig, &options);
	rig_offer(&rig, "one", NULL);
	rig_until_heard(&rig, 1);
	deliver_stop(rig.d);
	assert_true(rig_drain(&rig, 5000));
	assert_string_equal(rig_bodies(&rig), "one one");
	assert_string_equal(rig_method(&rig, 1), "PUT");
	rig_stop(&rig);
}

static void nothing_can_be_offered_after_the_stop(void **state)
{
	struct err err = { 0 };
	struct buf text = { 0 };
	struct rig rig;

	(void)state;
	START(&rig, { .status = 200 });
	open_destination(&rig, PROTOCOL_PUSHGATEWAY);
	deliver_stop(rig.d);
	assert_int_equal(destination_offer(rig.dst, &text, NULL, 1, 1, &err), ERR_BUSY);
	assert_string_equal(err.text, "receiver: it is stopping");
	rig_stop(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(when_stopping_what_waits_is_still_sent),
		cmocka_unit_test(what_waits_goes_over_to_the_destination_that_takes_its_place),
		cmocka_unit_test(what_was_to_go_over_is_freed_when_nothing_takes_its_place),
		cmocka_unit_test(a_clean_stop_deletes_the_group),
		cmocka_unit_test(the_delete_comes_after_what_is_under_way),
		cmocka_unit_test(a_delete_that_fails_is_tried_again_but_not_for_ever),
		cmocka_unit_test(nothing_is_deleted_that_was_never_pushed),
		cmocka_unit_test(without_delete_on_stop_the_last_snapshot_stays),
		cmocka_unit_test(nothing_can_be_offered_after_the_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
