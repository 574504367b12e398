// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/sample.h"
#include "page.h"
#include "page_text.h"

static struct buf render(const struct status *st)
{
	struct err err = { 0 };
	struct buf html;

	buf_init(&html, 1 << 20);
	page_render(st, &html);
	assert_int_equal(buf_check(&html, "page", &err), 0);
	return html;
}

static void shows(const struct buf *html, const char *part)
{
	if (!strstr(buf_text(html), part))
		fail_msg("no \"%s\" in\n%s", part, buf_text(html));
}

static void hides(const struct buf *html, const char *part)
{
	if (strstr(buf_text(html), part))
		fail_msg("\"%s\" should not be in\n%s", part, buf_text(html));
}

static void says_how_sources_history_and_destinations_are(void **state)
{
	static const char *const parts[] = {
		"Failing: 1 of 4 sources, 1 of 2 destinations.",
		"slurm-pusher on demo",
		"12 s ago, took 2.5 s",
		"1,236 collections, 4 late, 242 errors",
		"<th scope=row>jobs<td><b class=ok>up</b>",
		"<th scope=row>site_licenses<td><b class=bad>down</b><td>2 h ago",
		"first count",
		"40.0 %, up to 2026-11-05 07:00:00 UTC of 2026-11-23 07:00:00 UTC",
		"http://pg:9091/metrics/job/slurm/cluster/demo",
		"<b class=bad>failing</b>, again in 8.0 s<td>14 min ago",
		"520,001",
		"443",
		"96 KiB",
		"503 Service Unavailable",
		"<a href=/metrics>",
		"<a href=/-/healthy>",
		"<a href=/-/ready>",
	};
	struct sample_status sample;
	struct buf html;

	(void)state;
	sample_status_init(&sample);
	html = render(&sample.status);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		shows(&html, parts[i]);
	buf_done(&html);
}

static void says_so_when_everything_works(void **state)
{
	struct sample_status sample;
	struct buf html;

	(void)state;
	sample_status_init(&sample);
	sample.status.n_sources = 2;
	sample.status.n_destinations = 1;
	html = render(&sample.status);
	shows(&html, "Everything works.");
	hides(&html, "class=bad>");
	buf_done(&html);
}

static void tells_nothing_yet_from_bad(void **state)
{
	static const struct source_status source = { .name = "jobs", .error = "" };
	static const struct destination_status destination = {
		.name = "a", .url = "", .ok = true, .last_error = ""
	};
	struct status st = { .version = "1",
			     .cluster = "",
			     .reload_ok = true,
			     .sources = &source,
			     .n_sources = 1,
			     .destinations = &destination,
			     .n_destinations = 1 };
	struct buf html = render(&st);

	(void)state;
	shows(&html, "The first collection is under way.");
	shows(&html, "<th scope=row>jobs<td><b class=dim>not yet</b><td>never");
	shows(&html, "<span class=dim></span><td><b class=dim>not yet</b><td>never");
	hides(&html, "class=bad>");
	hides(&html, "History");
	buf_done(&html);
}

static void says_that_an_older_configuration_is_in_use(void **state)
{
	struct sample_status sample;
	struct buf html;

	(void)state;
	sample_status_init(&sample);
	sample.status.reload_ok = false;
	sample.status.reload_error = "slurm-pusher.yaml:3:5: unknown key";
	html = render(&sample.status);
	shows(&html, "The last reload failed</b>, in use is the one of 2026-11-22 20:42:00 UTC");
	shows(&html, "slurm-pusher.yaml:3:5: unknown key");
	buf_done(&html);
}

static void escapes_everything_from_outside(void **state)
{
	static const char evil[] = "<script>&\"'";
	struct sample_status sample;
	struct buf html;

	(void)state;
	sample_status_init(&sample);
	sample.status.version = evil;
	sample.status.cluster = evil;
	sample.status.reload_ok = false;
	sample.status.reload_error = evil;
	sample.sources[0].name = evil;
	sample.sources[0].error = evil;
	sample.history.error = evil;
	sample.history.note = evil;
	sample.destinations[0].name = evil;
	sample.destinations[0].url = evil;
	sample.destinations[0].last_error = evil;
	html = render(&sample.status);
	shows(&html, "&lt;script&gt;&amp;&quot;&#39;");
	hides(&html, "<script");
	hides(&html, "&\"");
	buf_done(&html);
}

static void writes_times_and_sizes_for_people(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} durations[] = {
		{ -5, "0 ms" },       { 0, "0 ms" },          { 999, "999 ms" },
		{ 1000, "1.0 s" },    { 12345, "12 s" },      { 119999, "119 s" },
		{ 120000, "2 min" },  { 7199999, "119 min" }, { 7200000, "2 h" },
		{ 172800000, "2 d" },
	};
	static const struct {
		uint64_t n;
		const char *bytes, *count;
	} sizes[] = {
		{ 0, "0 B", "0" },
		{ 999, "999 B", "999" },
		{ 1024, "1.0 KiB", "1,024" },
		{ 12582912, "12 MiB", "12,582,912" },
		{ UINT64_MAX, "16777216 TiB", "18,446,744,073,709,551,615" },
	};
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	for (size_t i = 0; i < sizeof durations / sizeof *durations; i++, buf_clear(&out)) {
		page_duration(&out, durations[i].ms);
		assert_string_equal(buf_text(&out), durations[i].text);
	}
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++, buf_clear(&out)) {
		page_bytes(&out, sizes[i].n);
		assert_string_equal(buf_text(&out), sizes[i].bytes);
		buf_clear(&out);
		page_count(&out, sizes[i].n);
		assert_string_equal(buf_text(&out), sizes[i].count);
	}
	page_time(&out, 0);
	page_ago(&out, 10, 0);
	assert_string_equal(buf_text(&out), "nevernever");
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_how_sources_history_and_destinations_are),
		cmocka_unit_test(says_so_when_everything_works),
		cmocka_unit_test(tells_nothing_yet_from_bad),
		cmocka_unit_test(says_that_an_older_configuration_is_in_use),
		cmocka_unit_test(escapes_everything_from_outside),
		cmocka_unit_test(writes_times_and_sizes_for_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
