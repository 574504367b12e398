// SPDX-License-Identifier: Apache-2.0
#include "daemon/config_test.h"

struct mistake {
	const char *yaml, *args, *message;
};

static void assert_only_error(const struct mistake *m)
{
	assert_int_equal(load(m->yaml, m->args), ERR_FORMAT);
	if (problems.n_errors != 1 || !strstr(buf_text(&problems.errors), m->message))
		fail_msg("not only \"%s\" but:\n%s", m->message, buf_text(&problems.errors));
}

static void says_what_is_wrong_and_where(void **state)
{
	static const struct mistake mistakes[] = {
		{ "remote_wirte: []\n", "",
		  "f.yaml:1:1: unknown key \"remote_wirte\"; did you mean "
		  "\"remote_write\"?" },
		{ "global:\n  scrape_interval: 5\n", "",
		  "f.yaml:2:3: scrape_interval: \"5\" has no unit; write 5s" },
		{ "a: [\n", "", "f.yaml:2:1: this is not YAML" },
		{ "remote_write: [{name: x}]\n", "",
		  "f.yaml:1:16: url is missing; write url: http://HOST" },
		{ "pushgateway:\n  - timeout: 1s\n", "", "f.yaml:2:5: url is missing" },
		{ "pushgateway:\n  - timeout: 1s\n    url:\n", "", "f.yaml:3:5: url has no value" },
		{ "pushgateway:\n  - timeout: 1s\n    url: pg:9091\n", "",
		  "f.yaml:3:5: url: has no scheme; put http:// or https:// in front" },
		{ "global: {external_labels: {__x: y}}\n", "",
		  "f.yaml:1:28: \"__x\" is not a label name" },
		{ "global: {external_labels: {x: '${NOPE_NOT_SET}'}}\n", "",
		  "f.yaml:1:28: x: the environment has no variable NOPE_NOT_SET; set it, or" },
		{ "global: {external_labels: {x: 'a$'}}\n", "", "x: a $ begins a variable" },
		{ "global: {external_labels: {x: '${A'}}\n", "", "x: a $ begins a variable" },
		{ "global: {external_labels: {x: '$-'}}\n", "", "x: a $ begins a variable" },
		{ "pushgateway: [{url: 'http://a', grouping: {cluster: c}}]\n", "",
		  "f.yaml:1:33: grouping has no job, which a Pushgateway needs; write job: slurm" },
		{ "pushgateway: [{url: 'http://a', grouping: {}}]\n", "", "grouping has no job" },
		{ "pushgateway: [{url: 'http://a', grouping: {job: ''}}]\n", "",
		  "grouping has no job" },
		{ "pushgateway: [{url: 'http://a', grouping: {job: j, a-b: c}}]\n", "",
		  "f.yaml:1:52: \"a-b\" is not a label name" },
		{ "pushgateway: [{url: 'http://a', grouping: {job: j, instance: ''}}]\n", "",
		  "f.yaml:1:52: instance is empty; remove it" },
		{ "pushgateway: [{url: 'http://a', grouping: {job: j, partition: x}}]\n", "",
		  "f.yaml:1:52: partition is a label of the metrics themselves" },
		{ "pushgateway: [{url: 'http://a', compression: snappy}]\n", "",
		  "compression: \"snappy\" is not known; write gzip or none" },
		{ "pushgateway:\n  - url: http://a\n  - url: http://a/\n", "",
		  "f.yaml:3:5: the same url and grouping as another Pushgateway" },
		{ "pushgateway:\n  - {url: 'http://a', name: x}\nremote_write:\n"
		  "  - {url: 'http://b', name: x}\n",
		  "", "f.yaml:2:23: name: \"x\" is the name of another destination" },
		{ "remote_write: [{url: 'http://a', headers: {content-type: x}}]\n", "",
		  "f.yaml:1:44: headers: content-type is set by slurm-pusher itself; remove it" },
		{ "remote_write: [{url: 'http://a', headers: {AUTHORIZATION: s3cret}}]\n", "",
		  "headers: AUTHORIZATION is not supported yet" },
		{ "remote_write: [{url: 'http://a', headers: {'X: Y': z}}]\n", "",
		  "headers: \"X: Y\" is not the name of a header" },
		{ "remote_write: [{url: 'http://a', headers: {X: \"s3cret\\nY: z\"}}]\n", "",
		  "headers: the value of X contains a line break" },
		{ "remote_write: [{url: 'http://a', queue_config: {min_backoff: 10s}}]\n", "",
		  "f.yaml:1:34: min_backoff is longer than max_backoff" },
		{ "remote_write: [{url: 'http://a', basic_auth: {password: s3cret}}]\n", "",
		  "f.yaml:1:34: basic_auth: not supported yet" },
		{ "remote_write:\n  - url: http://a\n"
		  "    protobuf_message: io.prometheus.write.v2.Request\n",
		  "", "f.yaml:3:5: protobuf_message: \"io.prometheus.write.v2.Request\" is not" },
		{ "slurm: {path: '/bin:usr/bin'}\n", "",
		  "f.yaml:1:9: path: \"/bin:usr/bin\" has a directory that does not begin" },
		{ "slurm: {path: '/bin:'}\n", "", "path: \"/bin:\" has a directory" },
		{ "slurm: {path: ''}\n", "", "path: \"\" has a directory" },
		{ "slurm: {reset_time: whenever}\n", "", "f.yaml:1:9: reset_time: " },
		{ "log: {level: loud}\n", "", "f.yaml:1:7: level: \"loud\" is not a level" },
		{ "web: {listen_address: '9500'}\n", "",
		  "f.yaml:1:7: listen_address: \"9500\" is not an address; write HOST:PORT" },
		{ "web: {listen_address: 'h:65536'}\n", "", "is not an address" },
		{ "web: {listen_address: 'http://h:1'}\n", "", "is not an address" },
		{ "web: {listen_address: '::1:9500'}\n", "", "is not an address" },
		{ "web: {listen_address: '[::1:9500'}\n", "", "is not an address" },
		{ "metric_files: [nowhere.yaml]\n", "",
		  "f.yaml:1:1: metric_files: there is no nowhere.yaml; check the path" },
		{ "web: {enabled: false}\n", "", "there is nothing to do" },
		{ NULL, "--config.file=nowhere.yaml",
		  "nowhere.yaml: cannot read: No such file or directory; check the path" },
		{ NULL, "--config.file=/", "/: cannot read: Is a directory; check" },
		{ NULL, "check config nowhere.yaml", "nowhere.yaml: cannot read: No such file" },
		{ NULL, "--once", "--once has nowhere to push to; add --pushgateway.url=" },
		{ NULL, "--interval=2h",
		  "--interval: scrape_interval: 2h is out of range; write "
		  "1s to 1h" },
		{ NULL, "--interval=30", "--interval: scrape_interval: \"30\" has no unit" },
		{ NULL, "--pushgateway.url=pg:9091", "--pushgateway.url: url: has no scheme" },
		{ NULL, "--pushgateway.url=http://pg --pushgateway.url=http://pg",
		  "--pushgateway.url: the same url and grouping" },
		{ NULL, "--port=http", "--port: \"http\" is not a port" },
		{ NULL, "--port=65536", "--port: \"65536\" is not a port" },
		{ NULL, "--log-level=CRITICAL", "--log-level: level: \"CRITICAL\" is not a level" },
		{ "log: {level: debug}\n", "--log.level=x", "--log.level: level: \"x\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(mistakes); i++)
		assert_only_error(&mistakes[i]);
}

static void warns_without_refusing(void **state)
{
	static const struct mistake mistakes[] = {
		{ "global: {scrape_interval: 3m}\n", "",
		  "f.yaml:1:10: scrape_interval is longer than 2m" },
		{ "global: {scrape_interval: 20s, scrape_timeout: 25s}\n", "",
		  "f.yaml:1:32: scrape_timeout is longer than scrape_interval" },
		{ "remote_write: [{url: 'http://a', queue_config: {max_shards: 5}}]\n", "",
		  "f.yaml:1:49: max_shards has no effect here" },
		{ "remote_write: [{url: 'http://a', metadata_config: {send: true}}]\n", "",
		  "metadata_config has no effect here: metadata is not sent" },
		{ NULL, "--timeout=40", "--timeout: scrape_timeout is longer" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
		assert_int_equal(load(mistakes[i].yaml, mistakes[i].args), 0);
		assert_int_equal(problems.n_warnings, 1);
		if (!strstr(buf_text(&problems.warnings), mistakes[i].message))
			fail_msg("not \"%s\" but %s", mistakes[i].message,
				 buf_text(&problems.warnings));
	}
}

static void a_shorter_interval_alone_is_no_reason_to_warn(void **state)
{
	(void)state;
	load_good("global: {scrape_interval: 10s}\n", "");
	load_good("global: {scrape_interval: 2m}\n", "");
}

static void reports_everything_in_one_run(void **state)
{
	static const char file[] =
		"global:\n  scrape_interval: soon\n  external_labels: {1x: y}\n"
		"remote_write:\n  - url: ftp://h\n    tls_config: {}\n"
		"pushgateway:\n  - {url: 'http://h', grouping: {}, compression: zip}\n"
		"slurm: {path: bin}\nlog: {level: loud}\nwebb: {}\nmetric_files: [x.yaml]\n";
	static const int lines[] = { 2, 3, 5, 6, 8, 8, 9, 10, 11, 12 };

	(void)state;
	assert_int_equal(load(file, "--port=x --timeout=0"), ERR_FORMAT);
	assert_int_equal(problems.n_errors, ARRAY_LEN(lines) + 3); /* --timeout sets two keys */
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		char place[20];

		snprintf(place, sizeof(place), "f.yaml:%d:", lines[i]);
		assert_non_null(strstr(buf_text(&problems.errors), place));
	}
}

static void no_secret_is_ever_repeated(void **state)
{
	static const char *const files[] = {
		"pushgateway: [{url: 'http://user:s3cret@h:9091'}]\n",
		"pushgateway: [{url: 'user:s3cret@h:9091'}]\n",
		"pushgateway: [{url: 'http://user:s3cret/h:9091'}]\n",
		"remote_write: [{url: 'https://s3cret@h'}]\n",
		"remote_write: [{url: 'http://a', headers: {Authorization: s3cret}}]\n",
		"remote_write: [{url: 'http://a', headers: {X: \"s3cret\\x01\"}}]\n",
		"remote_write: [{url: 'http://a', authorization: {credentials: s3cret}}]\n",
		"remote_write: [{url: 'http://a', basic_auth: {password: s3cret}}]\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		assert_int_equal(load(files[i], ""), ERR_FORMAT);
		assert_null(strstr(buf_text(&problems.errors), "s3cret"));
	}
}

static void keys_of_prometheus_are_refused_or_ignored_but_known(void **state)
{
	static const char *const refused[] = {
		"basic_auth",
		"authorization",
		"oauth2",
		"sigv4",
		"azuread",
		"google_iam",
		"tls_config",
		"proxy_url",
		"no_proxy",
		"http_headers",
		"proxy_from_environment",
		"proxy_connect_header",
		"write_relabel_configs",
	};
	static const char *const ignored[] = { "metadata_config",        "send_exemplars",
					       "send_native_histograms", "round_robin_dns",
					       "follow_redirects",       "enable_http2" };
	char yaml[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		snprintf(yaml, sizeof(yaml), "remote_write: [{url: 'http://a', %s: {}}]\n",
			 refused[i]);
		assert_int_equal(load(yaml, ""), ERR_FORMAT);
		assert_non_null(strstr(buf_text(&problems.errors), "not supported yet"));
	}
	for (size_t i = 0; i < ARRAY_LEN(ignored); i++) {
		snprintf(yaml, sizeof(yaml), "remote_write: [{url: 'http://a', %s: {}}]\n",
			 ignored[i]);
		assert_int_equal(load(yaml, ""), 0);
		assert_int_equal(problems.n_warnings, 1);
	}
}

static void a_directory_that_cannot_be_read_is_not_empty(void **state)
{
	(void)state;
	assert_int_equal(symlink("loop", "loop"), 0);
	assert_only_error(&(struct mistake){ "metric_files: ['loop/*.yaml']\n", "",
					     "the directory of loop/*.yaml cannot be read" });
	unlink("loop");
}

#define TEST(name) cmocka_unit_test_teardown(name, unload)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(says_what_is_wrong_and_where),
		TEST(warns_without_refusing),
		TEST(a_shorter_interval_alone_is_no_reason_to_warn),
		TEST(reports_everything_in_one_run),
		TEST(no_secret_is_ever_repeated),
		TEST(keys_of_prometheus_are_refused_or_ignored_but_known),
		TEST(a_directory_that_cannot_be_read_is_not_empty),
	};

	return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
