// SPDX-License-Identifier: Apache-2.0
/* One receiver's trouble is nobody else's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <netdb.h>
#include <stdatomic.h>
#include <unistd.h>

#include "peer.c"
#include "rig.c"

enum { TROUBLE_MS = 500, LATE_MS = 250, BLOCKED_MS = 100 };

/* A name lookup that is left behind keeps what newer libcurls have copied for it. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libcurl";
}

static int mute_end[2]; /* a pipe: closed, every lookup gets its answer */
static atomic_int n_lookups;

/* The C library's, for libcurl too: one name gets no answer, any other is unknown. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
		struct addrinfo **out)
{
	(void)service;
	(void)hints;
	(void)out;
	n_lookups++;
	if (strcmp(name, "mute.invalid") == 0)
		poll(&(struct pollfd){ .fd = mute_end[0], .events = POLLIN }, 1, 20 * 1000);
	n_lookups--;
	return EAI_NONAME;
}

static int begin_lookups(void **state)
{
	(void)state;
	return pipe(mute_end);
}

/* libcurl has left these threads behind; a leak checker wants to see them end. */
static int end_lookups(void **state)
{
	(void)state;
	close(mute_end[1]);
	while (n_lookups > 0)
		usleep(1000);
	usleep(50 * 1000);
	close(mute_end[0]);
	return 0;
}

static struct destination *add(struct rig *rig, const char *url, int64_t timeout_ms)
{
	struct destination_options options = rig_options(rig, PROTOCOL_PUSHGATEWAY);
	struct destination *dst;
	struct buf text;

	options.name = "trouble";
	options.url = url;
	options.timeout_ms = timeout_ms;
	assert_int_equal(destination_new(&dst, rig->d, &options, NULL), 0);
	fill(&text, "lost");
	assert_int_equal(destination_offer(dst, &text, NULL, 4, 1, NULL), 0);
	buf_done(&text);
	return dst;
}

static const char *url_of(const struct peer *p)
{
	static char url[64];

	snprintf(url, sizeof url, "http://127.0.0.1:%d/", p->port);
	return url;
}

static void start(struct rig *rig)
{
	static const struct reply well = { .status = 204 };
	struct destination_options options;

	rig_start(rig, &well, 1);
	options = rig_options(rig, PROTOCOL_REMOTE_WRITE);
	rig_open(rig, &options);
	rig_put(rig, "first", 1);
	assert_true(rig_drain(rig, 5000));
	rig->slowest_ms = 0;
}

/* Sends to the good peer while the other destination is in trouble. */
static void assert_not_delayed(struct rig *rig, int64_t for_ms)
{
	int64_t end_ms = real_ms() + for_ms;
	size_t n = peer_n_heard(&rig->peer);

	while (real_ms() < end_ms) {
		int64_t sent_ms = real_ms();

		rig_put(rig, "a", 1);
		rig_until_heard(rig, ++n);
		assert_in_range(real_ms() - sent_ms, 0, LATE_MS);
		rig_run(rig, 5);
	}
	assert_in_range(rig->slowest_ms, 0, BLOCKED_MS);
}

static void a_peer_that_never_answers_delays_nobody(void **state)
{
	static const struct reply never = { .kind = REPLY_NEVER };
	struct destination *trouble;
	struct event event;
	struct peer mute;
	struct rig rig;

	(void)state;
	peer_start(&mute, &never, 1);
	start(&rig);
	trouble = add(&rig, url_of(&mute), TROUBLE_MS);
	assert_not_delayed(&rig, TROUBLE_MS + 100);
	assert_true(destination_event(trouble, &event));
	assert_int_equal(event.kind, EVENT_FAILING);
	assert_non_null(strstr(event.text, "timed out"));
	rig_stop(&rig);
	peer_stop(&mute);
}

static void a_name_lookup_without_answer_delays_nobody(void **state)
{
	struct destination *trouble;
	struct event event;
	struct rig rig;

	(void)state;
	start(&rig);
	trouble = add(&rig, "http://mute.invalid/", TROUBLE_MS);
	assert_not_delayed(&rig, TROUBLE_MS + 100);
	assert_true(destination_event(trouble, &event));
	assert_non_null(strstr(event.text, "timed out"));
	rig_stop(&rig);
}

static void an_unknown_name_is_an_error_like_any_other(void **state)
{
	struct destination *trouble;
	struct event event;
	struct rig rig;

	(void)state;
	start(&rig);
	trouble = add(&rig, "http://user:secret@nonexistent.invalid/?token=secret", 5000);
	assert_not_delayed(&rig, 100);
	assert_true(destination_event(trouble, &event));
	assert_int_equal(event.kind, EVENT_FAILING);
	assert_string_equal(event.text, "Could not resolve host: nonexistent.invalid");
	assert_string_equal(destination_status(trouble).url, "http://nonexistent.invalid/");
	rig_stop(&rig);
}

static void a_refused_connection_is_an_error_like_any_other(void **state)
{
	struct destination *trouble;
	struct event event;
	struct peer gone;
	struct rig rig;

	(void)state;
	peer_start(&gone, NULL, 0);
	start(&rig);
	trouble = add(&rig, url_of(&gone), 5000);
	peer_stop(&gone);
	assert_not_delayed(&rig, 100);
	assert_true(destination_event(trouble, &event));
	assert_int_equal(event.kind, EVENT_FAILING);
	assert_non_null(strstr(event.text, "connect"));
	assert_false(destination_event(trouble, &event));
	rig_stop(&rig);
}

static void the_end_does_not_wait_for_anything(void **state)
{
	static const struct reply never = { .kind = REPLY_NEVER };
	struct peer mute;

	(void)state;
	peer_start(&mute, &never, 1);
	for (int i = 0; i < 2; i++) {
		struct destination *trouble;
		struct rig rig;
		int64_t begin_ms;

		start(&rig);
		trouble = add(&rig, i == 0 ? url_of(&mute) : "http://mute.invalid/", 5000);
		rig_run(&rig, 50);
		assert_int_equal(destination_status(trouble).state, DESTINATION_SENDING);
		begin_ms = real_ms();
		deliver_free(rig.d);
		assert_in_range(real_ms() - begin_ms, 0, BLOCKED_MS);
		peer_stop(&rig.peer);
	}
	peer_stop(&mute);
}

static void one_destination_can_end_before_the_others(void **state)
{
	struct destination *trouble;
	struct rig rig;

	(void)state;
	start(&rig);
	trouble = add(&rig, "http://mute.invalid/", 5000);
	rig_run(&rig, 20);
	destination_free(trouble);
	assert_not_delayed(&rig, 50);
	rig_stop(&rig);
}

static void waiting_sees_what_its_caller_waits_for(void **state)
{
	struct pollfd fds[12];
	int64_t begin_ms = real_ms();
	int ends[2];
	struct rig rig;

	(void)state;
	start(&rig);
	assert_int_equal(pipe(ends), 0);
	for (size_t i = 0; i < 12; i++)
		fds[i] = (struct pollfd){ .fd = ends[0], .events = POLLIN };
	fds[10] = (struct pollfd){ .fd = ends[1], .events = POLLOUT };
	assert_int_equal(deliver_wait(rig.d, fds, 10, 30, NULL), 0);
	assert_true(real_ms() - begin_ms >= 29);
	assert_int_equal(fds[0].revents, 0);
	assert_int_equal(deliver_wait(rig.d, fds, 12, 5000, NULL), 0);
	assert_int_equal(fds[10].revents, POLLOUT);
	assert_int_equal(fds[11].revents, 0);
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_int_equal(deliver_wait(rig.d, fds, 10, 5000, NULL), 0);
	assert_int_equal(fds[9].revents, POLLIN);
	assert_int_equal(read(ends[0], &(char){ 0 }, 1), 1);
	close(ends[1]);
	assert_int_equal(deliver_wait(rig.d, fds, 1, 5000, NULL), 0);
	assert_int_equal(fds[0].revents, POLLHUP);
	assert_in_range(real_ms() - begin_ms, 0, 1000);
	close(ends[0]);
	rig_stop(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_peer_that_never_answers_delays_nobody),
		cmocka_unit_test(a_name_lookup_without_answer_delays_nobody),
		cmocka_unit_test(an_unknown_name_is_an_error_like_any_other),
		cmocka_unit_test(a_refused_connection_is_an_error_like_any_other),
		cmocka_unit_test(the_end_does_not_wait_for_anything),
		cmocka_unit_test(one_destination_can_end_before_the_others),
		cmocka_unit_test(waiting_sees_what_its_caller_waits_for),
	};

	return cmocka_run_group_tests(tests, begin_lookups, end_lookups);
}
