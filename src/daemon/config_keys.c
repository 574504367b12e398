// SPDX-License-Identifier: Apache-2.0
#include "config.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define YEAR   (365 * DAY)

#define KB (INT64_C(1) << 10)
#define MB (INT64_C(1) << 20)
#define GB (INT64_C(1) << 30)
#define TB (INT64_C(1) << 40)

#define UNSUPPORTED                                                                                \
	"not supported yet; without it more would be sent, or shown to others, than you meant, "   \
	"so remove it only if you do not need it"
#define PROMETHEUS_TUNES "it only tunes how Prometheus sends; remove it"

#define AT(member) .offset = offsetof(struct remote_write_config, member)
static const struct key queue_config_keys[] = {
	{ "max_samples_per_send", KEY_INTEGER, AT(queue_config.max_samples_per_send), .min = 1,
	  .max = 1000000 },
	{ "min_backoff", KEY_DURATION, AT(queue_config.min_backoff_ms), .min = 1, .max = HOUR },
	{ "max_backoff", KEY_DURATION, AT(queue_config.max_backoff_ms), .min = 1, .max = HOUR },
	{ "sample_age_limit", KEY_DURATION, AT(queue_config.sample_age_limit_ms), .max = YEAR },
	{ "capacity", KEY_IGNORED, .help = PROMETHEUS_TUNES },
	{ "max_shards", KEY_IGNORED, .help = PROMETHEUS_TUNES },
	{ "min_shards", KEY_IGNORED, .help = PROMETHEUS_TUNES },
	{ "batch_send_deadline", KEY_IGNORED, .help = PROMETHEUS_TUNES },
	{ "retry_on_http_429", KEY_IGNORED, .help = "429 is always retried; remove it" },
	{ 0 },
};

static const struct key queue_keys[] = {
	{ "max_bytes", KEY_SIZE, AT(queue_max_bytes), .min = 64 * KB, .max = TB },
	{ 0 },
};

static const struct key remote_write_keys[] = {
	{ "url", KEY_STRING, AT(url) },
	{ "name", KEY_STRING, AT(name), .min = 1, .max = 100 },
	{ "remote_timeout", KEY_DURATION, AT(remote_timeout_ms), .min = 100, .max = 10 * MINUTE },
	{ "headers", KEY_PAIRS, AT(headers) },
	{ "queue_config", KEY_SECTION, .keys = queue_config_keys },
	{ "queue", KEY_SECTION, .keys = queue_keys },
	{ "protobuf_message", KEY_STRING, AT(protobuf_message) },
	{ "metadata_config", KEY_IGNORED, .help = "metadata is not sent; remove it" },
	{ "send_exemplars", KEY_IGNORED, .help = "there are no exemplars; remove it" },
	{ "send_native_histograms", KEY_IGNORED, .help = "there are no histograms; remove it" },
	{ "round_robin_dns", KEY_IGNORED, .help = PROMETHEUS_TUNES },
	{ "follow_redirects", KEY_IGNORED, .help = "redirects are never followed; remove it" },
	{ "enable_http2", KEY_IGNORED, .help = PROMETHEUS_TUNES },
	{ "basic_auth", KEY_REFUSED, .help = UNSUPPORTED },
	{ "authorization", KEY_REFUSED, .help = UNSUPPORTED },
	{ "oauth2", KEY_REFUSED, .help = UNSUPPORTED },
	{ "sigv4", KEY_REFUSED, .help = UNSUPPORTED },
	{ "azuread", KEY_REFUSED, .help = UNSUPPORTED },
	{ "google_iam", KEY_REFUSED, .help = UNSUPPORTED },
	{ "tls_config", KEY_REFUSED, .help = UNSUPPORTED },
	{ "proxy_url", KEY_REFUSED, .help = UNSUPPORTED },
	{ "no_proxy", KEY_REFUSED, .help = UNSUPPORTED },
	{ "proxy_from_environment", KEY_REFUSED, .help = UNSUPPORTED },
	{ "proxy_connect_header", KEY_REFUSED, .help = UNSUPPORTED },
	{ "write_relabel_configs", KEY_REFUSED, .help = UNSUPPORTED },
	{ "http_headers", KEY_REFUSED, .help = UNSUPPORTED },
	{ 0 },
};

static const struct remote_write_config remote_write_defaults = {
	.remote_timeout_ms = 30 * SECOND,
	.queue_config = {
		.max_samples_per_send = 2000,
		.min_backoff_ms = 30,
		.max_backoff_ms = 5 * SECOND,
		.sample_age_limit_ms = 2 * HOUR,
	},
	.queue_max_bytes = 64 * MB,
	.protobuf_message = "prometheus.WriteRequest",
};
#undef AT

#define AT(member) .offset = offsetof(struct pushgateway_config, member)
static const struct key pushgateway_keys[] = {
	{ "url", KEY_STRING, AT(url) },
	{ "name", KEY_STRING, AT(name), .min = 1, .max = 100 },
	{ "timeout", KEY_DURATION, AT(timeout_ms), .min = 100, .max = 10 * MINUTE },
	{ "grouping", KEY_PAIRS, AT(grouping) },
	{ "delete_on_stop", KEY_BOOL, AT(delete_on_stop) },
	{ "compression", KEY_STRING, AT(compression) },
	{ 0 },
};

static const struct pushgateway_config pushgateway_defaults = {
	.timeout_ms = 10 * SECOND,
	.delete_on_stop = true,
	.compression = "gzip",
};
#undef AT

#define AT(member) .offset = offsetof(struct config, member)
static const struct key global_keys[] = {
	{ "scrape_interval", KEY_DURATION, AT(global.scrape_interval_ms), .min = SECOND,
	  .max = HOUR },
	{ "scrape_timeout", KEY_DURATION, AT(global.scrape_timeout_ms), .min = SECOND,
	  .max = HOUR },
	{ "external_labels", KEY_PAIRS, AT(global.external_labels) },
	{ 0 },
};

static const struct key slurm_keys[] = {
	{ "path", KEY_STRING, AT(slurm.path) },
	{ "conf", KEY_STRING, AT(slurm.conf), .min = 1, .max = 4096 },
	{ "reset_time", KEY_STRING, AT(slurm.reset_time), .min = 1, .max = 100 },
	{ "max_output", KEY_SIZE, AT(slurm.max_output_bytes), .min = MB, .max = 16 * GB },
	{ 0 },
};

static const struct key history_keys[] = {
	{ "enabled", KEY_BOOL, AT(history.enabled) },
	{ "interval", KEY_DURATION, AT(history.interval_ms), .min = SECOND, .max = DAY },
	{ "overlap", KEY_DURATION, AT(history.overlap_ms), .min = SECOND, .max = 7 * DAY },
	{ "recount_interval", KEY_DURATION, AT(history.recount_interval_ms), .min = MINUTE,
	  .max = YEAR },
	{ "timeout", KEY_DURATION, AT(history.timeout_ms), .min = SECOND, .max = HOUR },
	{ 0 },
};

static const struct key web_keys[] = {
	{ "listen_address", KEY_STRING, AT(web.listen_address) },
	{ "enabled", KEY_BOOL, AT(web.enabled) },
	{ 0 },
};

static const struct key storage_keys[] = {
	{ "path", KEY_STRING, AT(storage.path), .min = 1, .max = 4000 },
	{ 0 },
};

static const struct key log_keys[] = {
	{ "level", KEY_STRING, AT(log.text) },
	{ 0 },
};

const struct key config_keys[] = {
	{ "global", KEY_SECTION, .keys = global_keys },
	{ "remote_write", KEY_LIST, AT(remote_write), .keys = remote_write_keys,
	  .size = sizeof(struct remote_write_config), .initial = &remote_write_defaults },
	{ "pushgateway", KEY_LIST, AT(pushgateway), .keys = pushgateway_keys,
	  .size = sizeof(struct pushgateway_config), .initial = &pushgateway_defaults },
	{ "slurm", KEY_SECTION, .keys = slurm_keys },
	{ "history", KEY_SECTION, .keys = history_keys },
	{ "metrics", KEY_NODE, AT(metrics) },
	{ "tables", KEY_NODE, AT(tables) },
	{ "metric_files", KEY_STRINGS, AT(metric_files) },
	{ "web", KEY_SECTION, .keys = web_keys },
	{ "storage", KEY_SECTION, .keys = storage_keys },
	{ "log", KEY_SECTION, .keys = log_keys },
	{ 0 },
};
#undef AT

static const char *default_metric_files[] = { "/etc/slurm-pusher/metrics.d/*.yaml" };

const struct config config_defaults = {
	.global = { .scrape_interval_ms = 30 * SECOND, .scrape_timeout_ms = 30 * SECOND },
	.slurm = {
		.path = "/usr/bin:/bin:/usr/local/bin:/opt/slurm/bin",
		.max_output_bytes = 256 * MB,
	},
	.history = {
		.enabled = true,
		.interval_ms = MINUTE,
		.overlap_ms = 10 * MINUTE,
		.recount_interval_ms = DAY,
		.timeout_ms = MINUTE,
	},
	.metric_files = { .items = default_metric_files, .n = 1 },
	.web = { .enabled = true, .listen_address = "127.0.0.1:9500" },
	.log = { .text = "info" },
};
