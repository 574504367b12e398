// SPDX-License-Identifier: Apache-2.0
#include "daemon.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "notify.h"
#include "slurm_pusher/clock.h"
#include "slurm_pusher/file.h"
#include "slurm_pusher/log.h"

enum {
	MAX_EXPOSITION_BYTES = 256 << 20,
	MAX_FDS = 64,
	MAX_WAIT_MS = 1000,        /* nothing that is missed is missed for longer */
	STOP_PATIENCE_MS = 10000,  /* for what still waits, when stopping */
	WORKER_PATIENCE_MS = 2000, /* for a disk that does not answer, when stopping */
};

struct setup_means daemon_means(struct daemon *d)
{
	return (struct setup_means){
		.mode = d->mode,
		.flags = d->flags,
		.registry = d->registry,
		.deliver = d->deliver,
		.pages = daemon_pages,
		.n_pages = n_daemon_pages,
		.pages_ctx = d,
		.mono_ms = clock_mono_ms(),
		.wall_ms = clock_wall_ms(),
	};
}

/* ---- beginning ---- */

static int lock_storage(struct daemon *d, struct err *err)
{
	const char *folder = d->setup.config.storage.path;
	char path[4096];
	int fd;

	if (!folder || d->mode == MODE_DRY_RUN)
		return 0;
	if (mkdir(folder, 0750) < 0 && errno != EEXIST)
		return err_errno(err, ERR_IO, errno, "storage.path %s", folder);
	if (snprintf(path, sizeof path, "%s/lock", folder) >= (int)sizeof path)
		return err_set(err, ERR_LIMIT, "storage.path is too long");
	fd = file_lock(path, err);
	if (fd == ERR_BUSY)
		return err_set(err, ERR_BUSY,
			       "another slurm-pusher uses %s; stop it, or give this one a "
			       "--storage.path of its own",
			       folder);
	if (fd < 0)
		return fd;
	d->lock_fd = fd;
	return 0;
}

static int read_setup(struct daemon *d, struct err *err)
{
	struct problems problems;
	int rc;

	problems_init(&problems);
	rc = setup_read(&d->setup, d->flags, &problems, err);
	log_open(rc == 0 ? d->setup.config.log.level : LOG_LEVEL_INFO);
	log_problems(&problems);
	problems_done(&problems);
	return rc;
}

static int open_means(struct daemon *d, struct err *err)
{
	int rc = d->signal_fd = signals_open(err);

	if (rc >= 0)
		rc = worker_new(&d->worker, err);
	if (rc == 0)
		rc = registry_new(&d->registry, err);
	if (rc == 0)
		rc = deliver_new(&d->deliver, "slurm-pusher/" SLURM_PUSHER_VERSION, err);
	return rc;
}

static int daemon_open(struct daemon *d, struct err *err)
{
	struct setup_means means;
	int rc;

	snapshot_init(&d->snapshot);
	buf_init(&d->text, MAX_EXPOSITION_BYTES);
	buf_init(&d->gzipped, MAX_EXPOSITION_BYTES);
	rc = open_means(d, err);
	if (rc == 0)
		rc = lock_storage(d, err);
	means = daemon_means(d);
	if (rc == 0)
		rc = setup_build(&d->setup, &means, NULL, err);
	if (rc == 0)
		rc = daemon_size_arrays(d, &d->setup, err);
	d->status.start_ms = d->status.reload_ms = clock_wall_ms();
	d->status.reload_ok = true;
	d->next_tick_ms = clock_mono_ms();
	if (rc == 0)
		daemon_report_note(d);
	return rc;
}

/* For the last write, to tell how it ended. */
static void wait_for_work(struct daemon *d)
{
	struct pollfd ended = { .fd = worker_fd(d->worker), .events = POLLIN };

	if (worker_is_busy(d->worker))
		poll(&ended, 1, WORKER_PATIENCE_MS);
	daemon_take_back_work(d);
}

static void daemon_close(struct daemon *d)
{
	if (d->worker)
		wait_for_work(d);
	if (!worker_free(d->worker, 0)) {
		/* The worker still uses what it was handed; the end of the process takes both. */
		log_warn("a write to the storage folder does not end; leaving it behind", NULL);
		return;
	}
	cluster_query_done(&d->query);
	setup_done(&d->setup);
	deliver_free(d->deliver);
	snapshot_done(&d->snapshot);
	registry_free(d->registry);
	buf_done(&d->text);
	buf_done(&d->gzipped);
	free(d->sources);
	free(d->destinations);
	free(d->source_was_down);
	if (d->lock_fd >= 0)
		close(d->lock_fd);
	free(d);
}

/* ---- the loop ---- */

static int64_t earliest(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t next_due(const struct daemon *d, int64_t now)
{
	int64_t due = now + MAX_WAIT_MS;

	if (!d->collecting && !daemon_tick_is_held(d))
		due = earliest(due, d->next_tick_ms);
	due = earliest(due, collector_due_ms(d->setup.collector));
	due = earliest(due, deliver_due_ms(d->deliver));
	if (d->setup.history)
		due = earliest(due, history_due_ms(d->setup.history));
	if (d->setup.web)
		due = earliest(due, web_due_ms(d->setup.web, now));
	return due;
}

static unsigned list_fds(const struct daemon *d, struct pollfd *fds)
{
	unsigned n = 0;

	fds[n++] = (struct pollfd){ .fd = d->signal_fd, .events = POLLIN };
	fds[n++] = (struct pollfd){ .fd = worker_fd(d->worker), .events = POLLIN };
	if (d->setup.web)
		fds[n++] = (struct pollfd){ .fd = web_fd(d->setup.web), .events = POLLIN };
	if (d->setup.history)
		n += history_pollfds(d->setup.history, fds + n);
	n += cluster_query_pollfds(&d->query, fds + n);
	return n + collector_pollfds(d->setup.collector, fds + n, MAX_FDS - n);
}

void daemon_wait(struct daemon *d)
{
	struct pollfd fds[MAX_FDS];
	unsigned n = list_fds(d, fds);
	int64_t now = clock_mono_ms();
	int64_t due = next_due(d, now);
	struct err err;

	if (deliver_wait(d->deliver, fds, n, due > now ? due - now : 0, &err) < 0)
		log_error("wait failed", "err", err.text, NULL);
}

static void keep_watchdog_quiet(struct daemon *d)
{
	int64_t every = notify_watchdog_ms(), now = clock_mono_ms();

	if (every && now >= d->next_watchdog_ms) {
		notify_watchdog();
		d->next_watchdog_ms = now + every;
	}
}

void daemon_say_ready(const struct daemon *d)
{
	const struct config *config = &d->setup.config;
	char text[128];

	snprintf(text, sizeof text, "%zu sources, %zu destinations",
		 collector_n_sources(d->setup.collector),
		 config->remote_write.n + config->pushgateway.n);
	notify_ready(text);
}

static void daemon_step(struct daemon *d)
{
	signals_take(d->signal_fd, &d->signals);
	if (d->signals.reload && !worker_is_busy(d->worker)) {
		d->signals.reload = false;
		daemon_reload(d);
	}
	daemon_find_cluster(d);
	if (daemon_collect(d)) {
		daemon_report_tick(d);
		d->ready = true;
	}
	daemon_history(d);
	deliver_step(d->deliver, clock_mono_ms(), clock_wall_ms());
	daemon_report_destinations(d);
	if (d->setup.web)
		web_step(d->setup.web);
	keep_watchdog_quiet(d);
}

static void run(struct daemon *d)
{
	daemon_say_ready(d);
	while (!d->signals.stop) {
		daemon_wait(d);
		daemon_step(d);
	}
}

/* What waits is sent as long as our patience lasts; then Pushgateways' groups are deleted. */
static void flush(struct daemon *d)
{
	int64_t end = clock_mono_ms() + STOP_PATIENCE_MS;
	struct err err;

	notify_stopping();
	notify_extend(STOP_PATIENCE_MS + WORKER_PATIENCE_MS + 3000);
	deliver_stop(d->deliver);
	while (!deliver_is_drained(d->deliver) && clock_mono_ms() < end) {
		int64_t due = earliest(deliver_due_ms(d->deliver), end) - clock_mono_ms();

		due = due < 0 ? 0 : due > 100 ? 100 : due;
		if (deliver_wait(d->deliver, NULL, 0, due, &err) < 0)
			break;
		deliver_step(d->deliver, clock_mono_ms(), clock_wall_ms());
	}
	daemon_report_destinations(d);
	daemon_report_unsent(d);
}

/* ---- the whole life ---- */

static enum mode mode_of(const struct flags *flags)
{
	return flags->dry_run ? MODE_DRY_RUN : flags->once ? MODE_ONCE : MODE_DAEMON;
}

static struct daemon *daemon_new(const struct flags *flags)
{
	struct daemon *d = calloc(1, sizeof *d);

	if (!d) {
		log_error("cannot start", "err", "out of memory", NULL);
		return NULL;
	}
	d->flags = flags;
	d->mode = mode_of(flags);
	d->lock_fd = d->signal_fd = -1;
	return d;
}

int daemon_main(const struct flags *flags)
{
	struct daemon *d = daemon_new(flags);
	int status = EXIT_SUCCESS;
	struct err err;

	if (!d)
		return EXIT_FAILURE;
	if (read_setup(d, &err) < 0 || daemon_open(d, &err) < 0) {
		log_error("cannot start", "err", err.text, NULL);
		daemon_close(d);
		return err.code == ERR_FORMAT ? EXIT_CONFIG : EXIT_FAILURE;
	}
	log_info("starting", "version", SLURM_PUSHER_VERSION, "config",
		 d->setup.config.file ? d->setup.config.file : "none", NULL);
	if (d->mode == MODE_DAEMON) {
		run(d);
		flush(d);
		log_info("stopped", NULL);
	} else {
		status = daemon_once(d);
	}
	daemon_close(d);
	return status;
}
