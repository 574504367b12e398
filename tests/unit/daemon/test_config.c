// SPDX-License-Identifier: Apache-2.0
#include "daemon/config_test.h"

static const struct remote_write_config *remote_write(size_t i)
{
	assert_true(i < config.remote_write.n);
	return (const struct remote_write_config *)config.remote_write.items + i;
}

static const struct pushgateway_config *pushgateway(size_t i)
{
	assert_true(i < config.pushgateway.n);
	return (const struct pushgateway_config *)config.pushgateway.items + i;
}

/* As "name=value", a value that is waited for as "?", joined by commas. */
static const char *labels_text(const struct pairs *labels)
{
	static char text[1000];
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < labels->n; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s=%s", i ? "," : "",
					 labels->items[i].name,
					 labels->items[i].value ? labels->items[i].value : "?");
	return text;
}

static void needs_no_file(void **state)
{
	(void)state;
	load_good(NULL, "--pushgateway.url=http://pg:9091");
	assert_null(config.file);
	assert_int_equal(config.global.scrape_interval_ms, 30000);
	assert_int_equal(config.global.scrape_timeout_ms, 30000);
	assert_string_equal(labels_text(&config.global.external_labels), "cluster=?,job=slurm");
	assert_int_equal(config.pushgateway.n, 1);
	assert_string_equal(pushgateway(0)->url, "http://pg:9091");
	assert_string_equal(pushgateway(0)->name, "pg:9091");
	assert_int_equal(pushgateway(0)->timeout_ms, 10000);
	assert_true(pushgateway(0)->delete_on_stop);
	assert_true(pushgateway(0)->gzip);
	assert_string_equal(labels_text(&pushgateway(0)->grouping), "cluster=?,job=slurm");
	assert_string_equal(config.web.listen_address, "127.0.0.1:9500");
	assert_true(config.web.enabled);
	assert_true(config.history.enabled);
	assert_int_equal(config.log.level, LOG_LEVEL_INFO);
	assert_null(config.slurm.reset_time);
	assert_null(config.storage.path);
}

static void reads_a_whole_file(void **state)
{
	(void)state;
	load_good("global: {scrape_interval: 15s, scrape_timeout: 10s}\n"
		  "remote_write:\n"
		  "  - url: https://prom.example/api/v1/write?x=1\n"
		  "    remote_timeout: 5s\n"
		  "    headers: {X-Scope-OrgID: t}\n"
		  "    queue_config: {max_samples_per_send: 500, sample_age_limit: 0s}\n"
		  "    queue: {max_bytes: 1GB}\n"
		  "pushgateway:\n"
		  "  - {url: 'http://[::1]:9091/prefix//', delete_on_stop: false, compression: "
		  "none}\n"
		  "slurm: {path: '/a:/b', conf: slurm.conf, max_output: 1GB}\n"
		  "history: {enabled: false}\n"
		  "metrics: [{name: m}]\ntables: {t: {}}\n"
		  "web: {listen_address: ':9600'}\nstorage: {path: /var/lib/x}\n"
		  "log: {level: WARNING}\n",
		  "");
	assert_string_equal(config.file, "f.yaml");
	assert_int_equal(config.global.scrape_interval_ms, 15000);
	assert_string_equal(remote_write(0)->name, "prom.example");
	assert_int_equal(remote_write(0)->remote_timeout_ms, 5000);
	assert_string_equal(labels_text(&remote_write(0)->headers), "X-Scope-OrgID=t");
	assert_int_equal(remote_write(0)->queue_config.max_samples_per_send, 500);
	assert_int_equal(remote_write(0)->queue_config.min_backoff_ms, 30);
	assert_int_equal(remote_write(0)->queue_config.sample_age_limit_ms, 0);
	assert_int_equal(remote_write(0)->queue_max_bytes, 1 << 30);
	assert_string_equal(pushgateway(0)->url, "http://[::1]:9091/prefix");
	assert_false(pushgateway(0)->delete_on_stop);
	assert_false(pushgateway(0)->gzip);
	assert_false(config.history.enabled);
	assert_string_equal(config.metrics->child->child->text, "m");
	assert_non_null(tree_child(config.tables, "t"));
	assert_string_equal(config.web.listen_address, ":9600");
	assert_int_equal(config.log.level, LOG_LEVEL_WARN);
}

static void flags_take_the_place_of_what_the_file_says(void **state)
{
	(void)state;
	load_good("global: {scrape_interval: 15s, external_labels: {cluster: file, site: s}}\n"
		  "history: {timeout: 90s, interval: 2m}\nweb: {listen_address: '0.0.0.0:9501'}\n"
		  "slurm: {reset_time: '2026-01-01'}\nlog: {level: debug}\n"
		  "storage: {path: /file}\n",
		  "--interval=20s --timeout 8 --cluster=flag --port=9600 --log-level ERROR "
		  "--reset-time 2026-01-26 --storage.path=/flag --interval=10s");
	assert_int_equal(config.global.scrape_interval_ms, 10000);
	assert_int_equal(config.global.scrape_timeout_ms, 8000);
	assert_int_equal(config.history.timeout_ms, 8000);
	assert_int_equal(config.history.interval_ms, 120000);
	assert_string_equal(labels_text(&config.global.external_labels),
			    "cluster=flag,job=slurm,site=s");
	assert_string_equal(config.web.listen_address, "0.0.0.0:9600");
	assert_int_equal(config.log.level, LOG_LEVEL_ERROR);
	assert_string_equal(config.slurm.reset_time, "2026-01-26");
	assert_string_equal(config.storage.path, "/flag");
}

static void destinations_of_flags_replace_all_of_the_file(void **state)
{
	static const char file[] = "remote_write: [{url: 'http://old/write'}]\n"
				   "pushgateway: [{url: 'http://old:9091'}]\n";

	(void)state;
	load_good(file, "--interval=20s");
	assert_int_equal(config.remote_write.n, 1);
	assert_int_equal(config.pushgateway.n, 1);
	load_good(file, "--pushgateway.url=http://a --pushgateway.url http://b");
	assert_int_equal(config.remote_write.n, 0);
	assert_int_equal(config.pushgateway.n, 2);
	assert_string_equal(pushgateway(1)->url, "http://b");
	load_good(file, "--remote-write.url=http://c/write");
	assert_int_equal(config.pushgateway.n, 0);
	assert_string_equal(remote_write(0)->url, "http://c/write");
	assert_int_equal(remote_write(0)->queue_config.max_samples_per_send, 2000);
}

static void web_can_be_turned_off_in_each_way(void **state)
{
	static const char destination[] = "--pushgateway.url=http://pg";
	static const struct {
		const char *file, *args;
		bool enabled;
		const char *address;
	} cases[] = {
		{ "web: {enabled: false}\n", "", false, "127.0.0.1:9500" },
		{ "web: {listen_address: ''}\n", "", false, "" },
		{ NULL, "--no-web", false, "127.0.0.1:9500" },
		{ NULL, "--web.listen-address=", false, "" },
		{ NULL, "--web.listen-address= --port=9600", false, "" },
		{ "web: {listen_address: ''}\n", "--web.listen-address=:1", true, ":1" },
		{ NULL, "--web.listen-address=[::1]:9500 --port=1", true, "[::1]:1" },
		{ NULL, "--web.listen-address=localhost:0", true, "localhost:0" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char args[200];

		snprintf(args, sizeof(args), "%s %s", destination, cases[i].args);
		load_good(cases[i].file, args);
		assert_int_equal(config.web.enabled, cases[i].enabled);
		assert_string_equal(config.web.listen_address, cases[i].address);
	}
}

static void variables_are_expanded_in_external_labels_only(void **state)
{
	(void)state;
	setenv("TEST_SITE", "north", 1);
	load_good("global:\n"
		  "  external_labels: {a: '${TEST_SITE}', b: x$TEST_SITE-y, c: '$$5', d: $$$$}\n"
		  "pushgateway: [{url: 'http://pg', grouping: {job: '${TEST_SITE}'}}]\n"
		  "slurm: {conf: '/etc/${TEST_SITE}'}\n",
		  "");
	assert_string_equal(labels_text(&config.global.external_labels),
			    "a=north,b=xnorth-y,c=$5,cluster=?,d=$$,job=slurm");
	assert_string_equal(labels_text(&pushgateway(0)->grouping), "job=${TEST_SITE}");
	assert_string_equal(config.slurm.conf, "/etc/${TEST_SITE}");
}

static void an_empty_label_is_left_out(void **state)
{
	(void)state;
	load_good("global: {external_labels: {cluster: '', job: '', x: y}}\n"
		  "pushgateway: [{url: 'http://pg'}]\n",
		  "");
	assert_string_equal(labels_text(&config.global.external_labels), "x=y");
	assert_string_equal(labels_text(&pushgateway(0)->grouping), "job=slurm");
	assert_false(config_wants_cluster(&config));
	load_good(NULL, "--cluster= --pushgateway.url=http://pg");
	assert_string_equal(labels_text(&config.global.external_labels), "job=slurm");
}

static void grouping_follows_external_labels_unless_given(void **state)
{
	(void)state;
	load_good("global: {external_labels: {cluster: c, job: j, site: s}}\n"
		  "pushgateway: [{url: 'http://a'}, {url: 'http://b', grouping: {x: y, job: k}}]\n",
		  "");
	assert_string_equal(labels_text(&pushgateway(0)->grouping), "cluster=c,job=j");
	assert_string_equal(labels_text(&pushgateway(1)->grouping), "job=k,x=y");
}

static void the_cluster_is_put_in_wherever_it_is_waited_for(void **state)
{
	struct err err = { 0 };

	(void)state;
	load_good("pushgateway: [{url: 'http://a'}, {url: 'http://b', grouping: {job: k}}]\n", "");
	assert_true(config_wants_cluster(&config));
	assert_ok(config_set_cluster(&config, "alpha", &err), &err);
	assert_false(config_wants_cluster(&config));
	assert_string_equal(labels_text(&config.global.external_labels), "cluster=alpha,job=slurm");
	assert_string_equal(labels_text(&pushgateway(0)->grouping), "cluster=alpha,job=slurm");
	assert_string_equal(labels_text(&pushgateway(1)->grouping), "job=k");
}

static void every_destination_gets_a_name_of_its_own(void **state)
{
	(void)state;
	load_good("remote_write:\n"
		  "  - url: http://h:1/a\n"
		  "  - url: http://h:1/b\n"
		  "  - {url: 'http://h:1/c', name: 'h:1-2'}\n"
		  "pushgateway:\n"
		  "  - url: http://h:1\n",
		  "");
	assert_string_equal(remote_write(0)->name, "h:1");
	assert_string_equal(remote_write(1)->name, "h:1-3");
	assert_string_equal(remote_write(2)->name, "h:1-2");
	assert_string_equal(pushgateway(0)->name, "h:1-4");
	load_good(NULL, "--remote-write.url=http://h/a --remote-write.url=http://h/b");
	assert_string_equal(remote_write(1)->name, "h-2");
}

static void one_pushgateway_may_hold_several_groups(void **state)
{
	(void)state;
	load_good("pushgateway:\n"
		  "  - {url: 'http://a', grouping: {job: j}}\n"
		  "  - {url: 'http://a', grouping: {job: j, x: y}}\n"
		  "  - {url: 'http://a', grouping: {job: k}}\n"
		  "  - {url: 'http://b', grouping: {job: k}}\n",
		  "");
	assert_int_equal(config.pushgateway.n, 4);
}

static void a_dry_run_needs_no_destination(void **state)
{
	(void)state;
	load_good(NULL, "--dry-run --no-web");
	load_good(NULL, "--dry-run --once");
}

static void storage_is_where_systemd_says(void **state)
{
	(void)state;
	setenv("STATE_DIRECTORY", "/var/lib/one:/var/lib/two", 1);
	load_good(NULL, "--pushgateway.url=http://a");
	assert_string_equal(config.storage.path, "/var/lib/one");
	load_good(NULL, "--pushgateway.url=http://a --storage.path=/three");
	assert_string_equal(config.storage.path, "/three");
	unsetenv("STATE_DIRECTORY");
}

static void paths_in_the_file_are_relative_to_it(void **state)
{
	char path[100], args[300];

	(void)state;
	mkdir("d", 0700);
	write_file("d/b.yaml", "");
	write_file("d/a.yaml", "");
	write_file("d/c.txt", "");
	write_file("f.yaml", "metric_files: ['d/*.yaml', d/c.txt, 'nowhere/*.yaml']\n"
			     "storage: {path: state}\nslurm: {conf: /etc/slurm.conf}\n");
	snprintf(args, sizeof(args), "--config.file=%s/f.yaml", folder);
	load_good(NULL, args);
	assert_int_equal(config.metric_files.n, 3);
	snprintf(path, sizeof(path), "%s/d/a.yaml", folder);
	assert_string_equal(config.metric_files.items[0], path);
	snprintf(path, sizeof(path), "%s/d/c.txt", folder);
	assert_string_equal(config.metric_files.items[2], path);
	snprintf(path, sizeof(path), "%s/state", folder);
	assert_string_equal(config.storage.path, path);
	assert_string_equal(config.slurm.conf, "/etc/slurm.conf");
	unlink("d/a.yaml");
	unlink("d/b.yaml");
	unlink("d/c.txt");
	rmdir("d");
}

#define TEST(name) cmocka_unit_test_teardown(name, unload)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(needs_no_file),
		TEST(reads_a_whole_file),
		TEST(flags_take_the_place_of_what_the_file_says),
		TEST(destinations_of_flags_replace_all_of_the_file),
		TEST(web_can_be_turned_off_in_each_way),
		TEST(variables_are_expanded_in_external_labels_only),
		TEST(an_empty_label_is_left_out),
		TEST(grouping_follows_external_labels_unless_given),
		TEST(the_cluster_is_put_in_wherever_it_is_waited_for),
		TEST(every_destination_gets_a_name_of_its_own),
		TEST(one_pushgateway_may_hold_several_groups),
		TEST(a_dry_run_needs_no_destination),
		TEST(storage_is_where_systemd_says),
		TEST(paths_in_the_file_are_relative_to_it),
	};

	return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
