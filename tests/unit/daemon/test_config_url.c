// SPDX-License-Identifier: Apache-2.0
#include "config_url.h"

#include <string.h>

#include "test.h"

struct url_case {
	const char *url, *problem; /* NULL: none */
};

static void assert_problems(const struct url_case *cases, size_t n,
			    const char *(*problem_of)(const char *url))
{
	for (size_t i = 0; i < n; i++) {
		const char *problem = problem_of(cases[i].url);

		if (cases[i].problem ? !problem || !strstr(problem, cases[i].problem)
				     : problem != NULL)
			fail_msg("%s: %s", cases[i].url, problem ? problem : "nothing wrong");
	}
}

static void takes_what_can_be_a_url_and_explains_the_rest(void **state)
{
	static const struct url_case cases[] = {
		{ "http://h", NULL },
		{ "HTTPS://prom.example:9090/api/v1/write?api-version=2023-04-24", NULL },
		{ "http://127.0.0.1:9090/", NULL },
		{ "http://[::1]", NULL },
		{ "http://[fe80::1]:80/x", NULL },
		{ "http://h/with@in/the:path", NULL },
		{ "http://h?q=a@b", NULL },
		{ "http://under_score:1", NULL },
		{ "", "is empty" },
		{ "h:9091", "has no scheme" },
		{ "//h:9091", "has no scheme" },
		{ "ftp://h", "not supported" },
		{ "://h", "not supported" },
		{ "http://", "has no host" },
		{ "http:///x", "has no host" },
		{ "http://:9091", "has no host" },
		{ "http://h:", "the port must be" },
		{ "http://h:0", "the port must be" },
		{ "http://h:65536", "the port must be" },
		{ "http://h:999999", "the port must be" },
		{ "http://h:80a", "the port must be" },
		{ "http://h:000080", "the port must be" },
		{ "http://h:4294967376", "the port must be" },
		{ "http://h:-1", "the port must be" },
		{ "http://a b", "white space" },
		{ " http://h", "white space" },
		{ "http://h/\n", "white space" },
		{ "http://h/\x01", "white space" },
		{ "http://u:p@h", "remove what stands before the @" },
		{ "http://u@h", "remove what stands before the @" },
		{ "http://h/#x", "a # has no meaning" },
		{ "http://h\\x", "a character that no host name has" },
		{ "http://h$", "a character that no host name has" },
		{ "http://[::1", "IPv6" },
		{ "http://[]", "IPv6" },
		{ "http://[x]", "IPv6" },
		{ "http://[/]", "IPv6" },
		{ "http://[::1]x", "a character that no host name has" },
	};

	(void)state;
	assert_problems(cases, ARRAY_LEN(cases), url_problem);
}

static void a_pushgateway_is_named_without_what_is_added(void **state)
{
	static const struct url_case cases[] = {
		{ "http://pg:9091", NULL },
		{ "http://pg:9091/", NULL },
		{ "http://pg:9091/prefix", NULL },
		{ "http://metrics", NULL },
		{ "http://pg/my-metrics", NULL },
		{ "http://pg/metrics-pg", NULL },
		{ "http://pg/metrics", "end it before /metrics" },
		{ "http://pg/metrics//", "end it before /metrics" },
		{ "http://pg/prefix/metrics", "end it before /metrics" },
		{ "http://pg/metrics/job/slurm", "end it before /metrics" },
		{ "http://pg/metrics/job@base64/c2x1cm0=", "end it before /metrics" },
		{ "http://pg/?x=1", "takes no query" },
		{ "http://pg?x=1", "takes no query" },
		{ "pg:9091", "has no scheme" },
	};

	(void)state;
	assert_problems(cases, ARRAY_LEN(cases), pushgateway_url_problem);
}

static void finds_host_and_port(void **state)
{
	static const struct {
		const char *url, *authority;
	} cases[] = {
		{ "http://h:1/x", "h:1" },
		{ "http://h", "h" },
		{ "http://[::1]:9?q", "[::1]:9" },
		{ "http://h#x", "h" },
	};
	size_t len;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *authority = url_authority(cases[i].url, &len);

		assert_int_equal(len, strlen(cases[i].authority));
		assert_memory_equal(authority, cases[i].authority, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_can_be_a_url_and_explains_the_rest),
		cmocka_unit_test(a_pushgateway_is_named_without_what_is_added),
		cmocka_unit_test(finds_host_and_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
