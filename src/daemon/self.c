// SPDX-License-Identifier: Apache-2.0
#include "self.h"

#include <stddef.h>
#include <stdio.h>

/* How a field of a status struct becomes a value. */
enum kind {
	FLAG,       /* bool */
	COUNT,      /* uint64_t */
	SIZE,       /* size_t */
	SECONDS,    /* int64_t, ms */
	SECONDS_US, /* int64_t, us */
	TIME,       /* int64_t, ms since the epoch; 0: not yet, no value */
};

struct row {
	const char *name; /* after slurm_exporter_; the table ends with NULL */
	enum metric_type type;
	enum kind kind;
	size_t offset;
	const char *reason; /* value of the label `reason`, or NULL */
	const char *help;
};

#define AT(member) offsetof(struct status, member)
static const struct row status_rows[] = {
	{ "collect_duration_seconds", METRIC_GAUGE, SECONDS, AT(tick_duration_ms), NULL,
	  "Time the last collection took, from its start to the end of its last source." },
	{ "last_collect_timestamp_seconds", METRIC_GAUGE, TIME, AT(all_up_ms), NULL,
	  "Time of the last collection in which every source of it (all but the history) "
	  "succeeded." },
	{ "errors_total", METRIC_COUNTER, COUNT, AT(errors), NULL,
	  "Failed collections of a source, over all sources." },
	{ "ticks_total", METRIC_COUNTER, COUNT, AT(ticks), NULL,
	  "Collections that have ended, well or not." },
	{ "late_ticks_total", METRIC_COUNTER, COUNT, AT(late_ticks), NULL,
	  "Collections that began late or were left out because the one before was not over." },
	{ "series", METRIC_GAUGE, SIZE, AT(series), NULL,
	  "Series of Slurm in the last collection, without those about slurm-pusher itself." },
	{ "interval_seconds", METRIC_GAUGE, SECONDS, AT(interval_ms), NULL,
	  "Configured time from one collection to the next." },
	{ "start_time_seconds", METRIC_GAUGE, TIME, AT(start_ms), NULL,
	  "Time at which slurm-pusher was started." },
	{ "config_last_reload_successful", METRIC_GAUGE, FLAG, AT(reload_ok), NULL,
	  "1 if the configuration could be read the last time, 0 if an older one is in use." },
	{ "config_last_reload_success_timestamp_seconds", METRIC_GAUGE, TIME, AT(reload_ms), NULL,
	  "Time at which the configuration in use was read." },
	{ 0 },
};
#undef AT

#define AT(member) offsetof(struct source_status, member)
static const struct row source_rows[] = {
	{ "source_up", METRIC_GAUGE, FLAG, AT(up), NULL,
	  "1 if the source could be read the last time, 0 if it could not: then it has no values "
	  "(the history keeps those of the last time it could)." },
	{ "source_duration_seconds", METRIC_GAUGE, SECONDS, AT(duration_ms), NULL,
	  "Time that reading the source took the last time." },
	{ "source_last_success_timestamp_seconds", METRIC_GAUGE, TIME, AT(last_success_ms), NULL,
	  "Time at which the source was last read successfully." },
	{ "source_failures_total", METRIC_COUNTER, COUNT, AT(failures), NULL,
	  "Times that the source could not be read." },
	{ "source_cpu_seconds", METRIC_GAUGE, SECONDS_US, AT(cpu_us), NULL,
	  "CPU time that the source's commands used the last time." },
	{ "source_commands_total", METRIC_COUNTER, COUNT, AT(commands), NULL,
	  "Commands run to read the source." },
	{ 0 },
};
#undef AT

#define AT(member) offsetof(struct history_status, member)
static const struct row history_rows[] = {
	{ "history_reset_timestamp_seconds", METRIC_GAUGE, TIME, AT(reset_ms), NULL,
	  "Time since which finished jobs are counted." },
	{ "history_watermark_timestamp_seconds", METRIC_GAUGE, TIME, AT(watermark_ms), NULL,
	  "Time up to which finished jobs are counted." },
	{ "history_complete", METRIC_GAUGE, FLAG, AT(complete), NULL,
	  "1 once the first count is done; before that the totals have no values." },
	{ "history_last_recount_timestamp_seconds", METRIC_GAUGE, TIME, AT(last_recount_ms), NULL,
	  "Time at which the last count from the reset time on was done." },
	{ "history_rows_total", METRIC_COUNTER, COUNT, AT(rows), NULL,
	  "Rows of accounting records read." },
	{ "history_passes_total", METRIC_COUNTER, COUNT, AT(passes), NULL,
	  "Passes over what is new in the accounting records." },
	{ 0 },
};
#undef AT

static const char dropped_help[] = "Samples dropped unsent: queue_full is a queue over its bytes "
				   "(or a newer push taking the place of one unsent), too_old one "
				   "over its age.";

#define AT(member) offsetof(struct destination_status, member)
static const struct row destination_rows[] = {
	{ "destination_up", METRIC_GAUGE, FLAG, AT(ok), NULL,
	  "1 if the destination's last answer was good or there was none yet, else 0." },
	{ "samples_total", METRIC_COUNTER, COUNT, AT(sent_samples), NULL,
	  "Samples that the destination has taken." },
	{ "samples_failed_total", METRIC_COUNTER, COUNT, AT(failed_samples), NULL,
	  "Samples that the destination has refused for good." },
	{ "samples_retried_total", METRIC_COUNTER, COUNT, AT(retried_samples), NULL,
	  "Samples in requests that had to be repeated." },
	{ "samples_dropped_total", METRIC_COUNTER, COUNT, AT(queue.dropped_full), "queue_full",
	  dropped_help },
	{ "samples_dropped_total", METRIC_COUNTER, COUNT, AT(queue.dropped_too_old), "too_old",
	  dropped_help },
	{ "samples_pending", METRIC_GAUGE, COUNT, AT(queue.samples), NULL,
	  "Samples waiting to be sent." },
	{ "queue_bytes", METRIC_GAUGE, SIZE, AT(queue.bytes), NULL,
	  "Size of what waits to be sent." },
	{ "queue_oldest_timestamp_seconds", METRIC_GAUGE, TIME, AT(queue.oldest_ms), NULL,
	  "Time of the oldest sample waiting to be sent." },
	{ "queue_highest_sent_timestamp_seconds", METRIC_GAUGE, TIME, AT(newest_sent_ms), NULL,
	  "Time of the newest sample that the destination has taken." },
	{ "bytes_total", METRIC_COUNTER, COUNT, AT(sent_bytes), NULL,
	  "Size of the bodies that the destination has taken, compressed." },
	{ "requests_total", METRIC_COUNTER, COUNT, AT(requests), NULL,
	  "Requests made to the destination, repeated ones included." },
	{ "destination_last_success_timestamp_seconds", METRIC_GAUGE, TIME, AT(last_success_ms),
	  NULL, "Time of the destination's last good answer." },
	{ "destination_request_duration_seconds", METRIC_GAUGE, SECONDS, AT(last_duration_ms), NULL,
	  "Time that the last request took." },
	{ 0 },
};
#undef AT

struct report {
	struct registry *registry;
	struct snapshot *snapshot;
	struct err *err;
};

static int put(const struct report *to, const struct row *row, const struct label *labels,
	       size_t n_labels, double value)
{
	char name[96];

	snprintf(name, sizeof name, "slurm_exporter_%s", row->name);
	return snapshot_put(to->snapshot, to->registry, name, row->type, row->help, labels,
			    n_labels, value, to->err);
}

/* False when there is no value. */
static bool read_field(enum kind kind, const void *field, double *value)
{
	switch (kind) {
	case FLAG:
		*value = *(const bool *)field;
		return true;
	case COUNT:
		*value = (double)*(const uint64_t *)field;
		return true;
	case SIZE:
		*value = (double)*(const size_t *)field;
		return true;
	case SECONDS:
		*value = (double)*(const int64_t *)field / 1e3;
		return true;
	case SECONDS_US:
		*value = (double)*(const int64_t *)field / 1e6;
		return true;
	case TIME:
		*value = (double)*(const int64_t *)field / 1e3;
		return *value > 0;
	}
	return false;
}

/* Puts every row of the table, read from `base`; what it is about is told by one label,
 * or by none (NULL). */
static int put_rows(const struct report *to, const struct row *rows, const void *base,
		    const char *label, const char *value)
{
	for (const struct row *row = rows; row->name; row++) {
		struct label labels[2];
		size_t n = 0;
		double number;
		int rc;

		if (label)
			labels[n++] = (struct label){ label, value };
		if (row->reason)
			labels[n++] = (struct label){ "reason", row->reason };
		if (!read_field(row->kind, (const char *)base + row->offset, &number))
			continue;
		rc = put(to, row, labels, n, number);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int put_history(const struct report *to, const struct history_status *h)
{
	static const struct row walked = {
		.name = "history_walked_ratio",
		.type = METRIC_GAUGE,
		.help = "How much of the time from the reset time on the count under way has done.",
	};
	struct source_status source = status_history_source(h);
	int rc = put_rows(to, source_rows, &source, "source", source.name);

	if (rc == 0)
		rc = put_rows(to, history_rows, h, NULL, NULL);
	return rc < 0 ? rc : put(to, &walked, NULL, 0, status_walked(h));
}

static int put_build(const struct report *to, const char *version)
{
	static const struct row build = {
		.name = "build_info",
		.type = METRIC_GAUGE,
		.help = "Always 1; the version of slurm-pusher is in the label.",
	};
	struct label label = { "version", version };

	return put(to, &build, &label, 1, 1);
}

int self_report(const struct status *st, struct registry *r, struct snapshot *s, struct err *err)
{
	const struct report to = { r, s, err };
	int rc = put_build(&to, st->version);

	if (rc == 0)
		rc = put_rows(&to, status_rows, st, NULL, NULL);
	for (size_t i = 0; rc == 0 && i < st->n_sources; i++)
		rc = put_rows(&to, source_rows, &st->sources[i], "source", st->sources[i].name);
	if (rc == 0 && st->history)
		rc = put_history(&to, st->history);
	for (size_t i = 0; rc == 0 && i < st->n_destinations; i++)
		rc = put_rows(&to, destination_rows, &st->destinations[i], "destination",
			      st->destinations[i].name);
	return rc < 0 ? err_prefix(err, "own metrics") : 0;
}
