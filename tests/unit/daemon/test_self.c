// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/sample.h"
#include "self.h"
#include "slurm_pusher/encode.h"

/* The exposition of what the status is reported as. */
static void report(const struct status *st, struct buf *text)
{
	struct registry *registry;
	struct snapshot snapshot;
	struct err err = { 0 };

	assert_int_equal(registry_new(&registry, &err), 0);
	snapshot_init(&snapshot);
	snapshot_clear(&snapshot, st->now_ms);
	assert_int_equal(self_report(st, registry, &snapshot, &err), 0);
	snapshot_finish(&snapshot);
	buf_init(text, 1 << 20);
	encode_text(&snapshot, text);
	assert_int_equal(buf_check(text, "exposition", &err), 0);
	snapshot_done(&snapshot);
	registry_free(registry);
}

static void shows(const struct buf *text, const char *line)
{
	char whole[256];

	snprintf(whole, sizeof whole, "\n%s\n", line);
	if (!strstr(buf_text(text), whole))
		fail_msg("no line \"%s\" in\n%s", line, buf_text(text));
}

static void tells_every_number_in_base_units(void **state)
{
	static const char *const lines[] = {
		"slurm_exporter_build_info{version=\"0.1.0\"} 1",
		"slurm_exporter_collect_duration_seconds 2.51",
		"slurm_exporter_last_collect_timestamp_seconds 1795409988",
		"slurm_exporter_errors_total 242",
		"slurm_exporter_ticks_total 1236",
		"slurm_exporter_late_ticks_total 4",
		"slurm_exporter_series 438",
		"slurm_exporter_interval_seconds 30",
		"slurm_exporter_start_time_seconds 1795380120",
		"slurm_exporter_config_last_reload_successful 1",
		"slurm_exporter_config_last_reload_success_timestamp_seconds 1795380121",
		"slurm_exporter_source_up{source=\"jobs\"} 1",
		"slurm_exporter_source_up{source=\"site_licenses\"} 0",
		"slurm_exporter_source_up{source=\"history\"} 1",
		"slurm_exporter_source_duration_seconds{source=\"jobs\"} 0.34",
		"slurm_exporter_source_duration_seconds{source=\"history\"} 1.25",
		"slurm_exporter_source_cpu_seconds{source=\"jobs\"} 0.0215",
		"slurm_exporter_source_cpu_seconds{source=\"history\"} 0.043",
		"slurm_exporter_source_last_success_timestamp_seconds{source=\"jobs\"} 1795417188",
		"slurm_exporter_source_failures_total{source=\"site_licenses\"} 240",
		"slurm_exporter_source_commands_total{source=\"jobs\"} 1236",
		"slurm_exporter_source_commands_total{source=\"history\"} 8",
		"slurm_exporter_history_reset_timestamp_seconds 1792825200",
		"slurm_exporter_history_complete 0",
		"slurm_exporter_history_walked_ratio 0.4",
		"slurm_exporter_history_rows_total 1234567",
		"slurm_exporter_history_passes_total 3",
		"slurm_exporter_destination_up{destination=\"pushgateway\"} 1",
		"slurm_exporter_destination_up{destination=\"central\"} 0",
		"slurm_exporter_samples_total{destination=\"central\"} 520001",
		"slurm_exporter_samples_failed_total{destination=\"central\"} 17",
		"slurm_exporter_samples_retried_total{destination=\"central\"} 4380",
		"slurm_exporter_samples_dropped_total{destination=\"central\",reason=\"queue_"
		"full\"} "
		"438",
		"slurm_exporter_samples_dropped_total{destination=\"central\",reason=\"too_old\"} "
		"5",
		"slurm_exporter_samples_pending{destination=\"central\"} 12264",
		"slurm_exporter_queue_bytes{destination=\"central\"} 98304",
		"slurm_exporter_queue_oldest_timestamp_seconds{destination=\"central\"} 1795416389",
		"slurm_exporter_queue_highest_sent_timestamp_seconds{destination=\"central\"} "
		"1795416359",
		"slurm_exporter_bytes_total{destination=\"central\"} 7654321",
		"slurm_exporter_requests_total{destination=\"central\"} 1301",
		"slurm_exporter_destination_last_success_timestamp_seconds{destination=\"central\"}"
		" "
		"1795416360",
		"slurm_exporter_destination_request_duration_seconds{destination=\"central\"} 30",
	};
	struct sample_status sample;
	struct buf text;

	(void)state;
	sample_status_init(&sample);
	sample.status.reload_ms += 1000;
	report(&sample.status, &text);
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		shows(&text, lines[i]);
	buf_done(&text);
}

static void has_no_value_for_what_has_not_happened(void **state)
{
	static const char *const absent[] = {
		"last_collect_timestamp_seconds",
		"history_watermark_timestamp_seconds",
		"history_last_recount_timestamp_seconds",
		"queue_oldest_timestamp_seconds{destination=\"pushgateway\"}",
		"source_last_success_timestamp_seconds{source=\"history\"}",
	};
	struct sample_status sample;
	struct buf text;

	(void)state;
	sample_status_init(&sample);
	sample.status.all_up_ms = 0;
	report(&sample.status, &text);
	for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
		if (strstr(buf_text(&text), absent[i]))
			fail_msg("%s should not be in\n%s", absent[i], buf_text(&text));
	buf_done(&text);
}

static void counts_from_zero_before_anything_happened(void **state)
{
	static const struct destination_status idle = { .name = "a", .url = "", .last_error = "" };
	struct status st = { .version = "1", .destinations = &idle, .n_destinations = 1 };
	struct buf text;

	(void)state;
	report(&st, &text);
	shows(&text, "slurm_exporter_errors_total 0");
	shows(&text, "slurm_exporter_samples_total{destination=\"a\"} 0");
	shows(&text,
	      "slurm_exporter_samples_dropped_total{destination=\"a\",reason=\"too_old\"} 0");
	assert_null(strstr(buf_text(&text), "slurm_exporter_history"));
	buf_done(&text);
}

static void names_counters_as_counters_and_helps_with_all(void **state)
{
	char helped[128] = "";
	struct sample_status sample;
	struct buf text;

	(void)state;
	sample_status_init(&sample);
	report(&sample.status, &text);
	for (char *line = strtok(text.ptr, "\n"); line; line = strtok(NULL, "\n")) {
		char name[128] = "", word[32] = "";

		if (sscanf(line, "# TYPE %127s %31s", name, word) == 2) {
			size_t n = strlen(name);
			bool total = n > 6 && strcmp(name + n - 6, "_total") == 0;

			if (total != (strcmp(word, "counter") == 0))
				fail_msg("%s is a %s", name, word);
			assert_string_equal(name, helped);
		}
		sscanf(line, "# HELP %127s %31s", helped, word);
	}
	buf_done(&text);
}

static void knows_how_far_a_walk_has_come(void **state)
{
	static const struct {
		struct history_status h;
		double walked;
	} rows[] = {
		{ { .reset_ms = 1000 }, 0 },
		{ { .reset_ms = 1000, .complete = true }, 1 },
		{ { .reset_ms = 1000, .walk_end_ms = 2000 }, 0 },
		{ { .reset_ms = 1000, .walk_end_ms = 2000, .walked_to_ms = 1250 }, 0.25 },
		{ { .reset_ms = 1000, .walk_end_ms = 2000, .walked_to_ms = 2600 }, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_true(status_walked(&rows[i].h) == rows[i].walked);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_every_number_in_base_units),
		cmocka_unit_test(has_no_value_for_what_has_not_happened),
		cmocka_unit_test(counts_from_zero_before_anything_happened),
		cmocka_unit_test(names_counters_as_counters_and_helps_with_all),
		cmocka_unit_test(knows_how_far_a_walk_has_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
