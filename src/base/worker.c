// SPDX-License-Identifier: Apache-2.0
#include "slurm_pusher/worker.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct worker {
	pthread_t thread;
	int fd;
	bool busy; /* the caller's: from start to finish */

	pthread_mutex_t lock; /* for these four */
	pthread_cond_t wake;
	bool running;
	bool stop;
	bool abandoned; /* the thread owns all of this now */

	/* The thread's while it is running, else the caller's. */
	worker_job *job;
	void *ctx;
	int result;
	struct err err;
};

static void worker_destroy(struct worker *w)
{
	close(w->fd);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		while (!w->running && !w->stop)
			pthread_cond_wait(&w->wake, &w->lock);
		if (!w->running)
			break;
		pthread_mutex_unlock(&w->lock);
		w->result = w->job(w->ctx, &w->err);
		pthread_mutex_lock(&w->lock);
		w->running = false;
		eventfd_write(w->fd, 1);
	}
	bool abandoned = w->abandoned;
	pthread_mutex_unlock(&w->lock);
	if (abandoned)
		worker_destroy(w);
	return NULL;
}

/* The thread takes no signals: they are the caller's. */
static int start_thread(struct worker *w)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&w->thread, NULL, worker_main, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

int worker_new(struct worker **out, struct err *err)
{
	struct worker *w = calloc(1, sizeof(*w));

	if (!w)
		return err_set(err, ERR_NOMEM, "no memory for a worker");
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->wake, NULL);
	w->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int error = w->fd < 0 ? errno : start_thread(w);
	if (error != 0) {
		worker_destroy(w);
		return err_errno(err, ERR_IO, error, "cannot start a worker");
	}
	*out = w;
	return 0;
}

static bool is_running(struct worker *w)
{
	pthread_mutex_lock(&w->lock);
	bool running = w->running;
	pthread_mutex_unlock(&w->lock);
	return running;
}

static void wait_for_job(struct worker *w, int64_t patience_ms)
{
	struct pollfd ended = { .fd = w->fd, .events = POLLIN };

	if (patience_ms > INT_MAX)
		patience_ms = INT_MAX;
	if (patience_ms > 0 && is_running(w))
		poll(&ended, 1, (int)patience_ms);
}

bool worker_free(struct worker *w, int64_t patience_ms)
{
	if (!w)
		return true;
	wait_for_job(w, patience_ms);

	pthread_mutex_lock(&w->lock);
	pthread_t thread = w->thread;
	bool abandoned = w->running;
	w->abandoned = abandoned;
	w->stop = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);

	if (abandoned) { /* and `w` may be gone already */
		pthread_detach(thread);
		return false;
	}
	pthread_join(thread, NULL);
	worker_destroy(w);
	return true;
}

bool worker_start(struct worker *w, worker_job *job, void *ctx)
{
	if (w->busy)
		return false;
	w->busy = true;
	w->job = job;
	w->ctx = ctx;
	w->err = (struct err){ 0 };

	pthread_mutex_lock(&w->lock);
	w->running = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	return true;
}

int worker_fd(const struct worker *w)
{
	return w->fd;
}

bool worker_finish(struct worker *w, int *result, struct err *err)
{
	eventfd_t ends;

	if (!w->busy || is_running(w))
		return false;
	w->busy = false;
	eventfd_read(w->fd, &ends);
	*result = w->result;
	if (err && w->result < 0)
		*err = w->err;
	return true;
}

bool worker_is_busy(const struct worker *w)
{
	return w->busy;
}
