// SPDX-License-Identifier: Apache-2.0
#include "cluster_query.h"

#include "slurm_pusher/child.h"
#include "slurm_pusher/collect.h"

enum { MAX_OUTPUT_BYTES = 1 << 20 };

static const char *const command[] = { "scontrol", "show", "config", NULL };

static int keep(void *ctx, const char *bytes, size_t n, struct err *err)
{
	struct buf *output = ctx;

	buf_add(output, bytes, n);
	return buf_check(output, "scontrol show config", err);
}

void cluster_query_start(struct cluster_query *q, const char *path, const char *const *envp,
			 int64_t timeout_ms, int64_t mono_ms)
{
	struct child_options options = {
		.argv = command,
		.envp = envp,
		.path = path,
		.deadline_ms = mono_ms + timeout_ms,
		.max_output_bytes = MAX_OUTPUT_BYTES,
		.sink = keep,
		.sink_ctx = &q->output,
	};

	buf_done(&q->output);
	buf_init(&q->output, MAX_OUTPUT_BYTES);
	q->err.code = 0;
	if (child_start(&q->child, &options, mono_ms, &q->err) < 0)
		q->child = NULL;
}

bool cluster_query_step(struct cluster_query *q, int64_t mono_ms)
{
	if (!q->child)
		return q->err.code < 0;
	if (!child_step(q->child, mono_ms))
		return false;
	q->err = child_result(q->child)->err;
	child_free(q->child);
	q->child = NULL;
	if (q->err.code == 0 && !cluster_name_find(buf_text(&q->output), q->name, sizeof q->name))
		err_set(&q->err, ERR_FORMAT, "there is no ClusterName in its output");
	if (q->err.code < 0)
		err_prefix(&q->err, "scontrol show config");
	buf_done(&q->output);
	return true;
}

unsigned cluster_query_pollfds(const struct cluster_query *q, struct pollfd *fds)
{
	return q->child ? (unsigned)child_pollfds(q->child, fds) : 0;
}

void cluster_query_done(struct cluster_query *q)
{
	child_free(q->child);
	q->child = NULL;
	buf_done(&q->output);
}
