// SPDX-License-Identifier: Apache-2.0
/*
 * daemon: the loop. Wait, look, say, hand over.
 *
 * One thread and one wait. Everything that takes time is a small state machine that is
 * stepped after each wait and never blocks: Slurm commands (collect, history), requests
 * (deliver), the web endpoint. What can block without a deadline runs on the worker.
 */
#ifndef SLURM_PUSHER_DAEMON_H
#define SLURM_PUSHER_DAEMON_H

#include "cluster_query.h"
#include "setup.h"
#include "signals.h"
#include "slurm_pusher/worker.h"
#include "status.h"

struct daemon {
	enum mode mode;
	const struct flags *flags;
	struct setup setup;
	struct registry *registry;
	struct deliver *deliver;
	struct worker *worker;
	int signal_fd;
	int lock_fd; /* of the storage folder; -1: none */
	struct signals signals;

	/* the cluster's name */
	struct cluster_query query;
	bool querying;
	bool query_failed_before;
	char told_cluster[256]; /* by Slurm, now or last time; "": not yet */
	char name_to_save[256]; /* kept already, or about to be */
	bool saving_name;       /* the worker does */
	bool cluster_is_known;  /* and so there are the destinations */
	char cluster[256];      /* the name in force; "": none, or not known */

	/* the tick */
	bool collecting;
	int64_t next_tick_ms;  /* monotonic */
	int64_t tick_start_ms; /* monotonic */
	int64_t tick_wall_ms;  /* its timestamp */
	struct snapshot snapshot;
	struct buf text; /* exposition of the last tick, for /metrics and Pushgateways */
	struct buf gzipped;

	/* what is known about us */
	struct status status;
	struct source_status *sources;
	struct history_status history;
	struct destination_status *destinations;
	bool *source_was_down; /* as last logged */
	bool history_was_down;
	bool history_was_complete;
	bool save_was_failing;
	uint64_t history_failures;
	char reload_error[256];
	int64_t next_watchdog_ms;
	bool ready; /* a tick is over */
};

/* Runs until SIGTERM (or the end of --once, --dry-run). Returns the exit status. */
int daemon_main(const struct flags *flags);

enum { EXIT_CONFIG = 2 }; /* the configuration is wrong: starting again will not help */

/* ---- parts of the loop; each in a file of its own ---- */

/* Waits until something can be done. */
void daemon_wait(struct daemon *d);

/* --once and --dry-run; returns the exit status. */
int daemon_once(struct daemon *d);

/* Fills in d->status from what the parts know now. */
void daemon_look_at_itself(struct daemon *d);

/* Starts, steps and ends ticks; true when one ended in this step. */
bool daemon_collect(struct daemon *d);

/* The timestamp of a tick after one with `last_ms`. Of one series no sample may be older than the
 * one before it: while the wall clock is a little behind, time goes on by a millisecond. A
 * clock that was far ahead is not followed into the future, where receivers refuse samples:
 * the right time counts again at once. */
int64_t tick_timestamp(int64_t now_ms, int64_t last_ms);

/* The first tick waits for the cluster's name, or for Slurm not to tell it: then it can be sent. */
bool daemon_tick_is_held(const struct daemon *d);

/* Passes of the history, and what the worker has written. */
void daemon_history(struct daemon *d);

/* Looks how a write has ended, if one has. */
void daemon_take_back_work(struct daemon *d);

/* Asks for the cluster's name; with it come the destinations. */
void daemon_find_cluster(struct daemon *d);

/* Takes the name, if it can be told without asking, and builds the destinations, from what the
 * old setup (or NULL) has; false if Slurm has to be asked first. */
bool daemon_take_cluster(struct daemon *d, struct setup *old);

/* Puts a new configuration in place of the old one, or says why not. */
void daemon_reload(struct daemon *d);

/* Tells the service manager that we run with this setup. Not that Slurm answers: the machine's
 * start waits for us, and would wait for a slurmctld that hangs. */
void daemon_say_ready(const struct daemon *d);

/* Allocates what is as long as the setup has sources and destinations. */
int daemon_size_arrays(struct daemon *d, const struct setup *s, struct err *err);

/* Log what has changed: once per change of state. */
void daemon_report_tick(struct daemon *d);
void daemon_report_history(struct daemon *d);
void daemon_report_destinations(struct daemon *d);
void daemon_report_unsent(const struct daemon *d);
void daemon_report_note(const struct daemon *d); /* what became of the history's state */
void log_problems(const struct problems *p);

/* The pages of the web endpoint; ctx is the daemon. */
extern const struct web_page daemon_pages[];
extern const size_t n_daemon_pages;

struct setup_means daemon_means(struct daemon *d);

#endif
