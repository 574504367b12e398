// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "notify.h"

/* A manager's socket, by a path or an abstract name; *name is what the unit is told. */
static int manager_open(const char *name)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	memcpy(at.sun_path, name, strlen(name));
	if (name[0] == '@')
		at.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (struct sockaddr *)&at,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
			 0);
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

static void hears(int fd, const char *message)
{
	char heard[1024];
	ssize_t n = recv(fd, heard, sizeof heard - 1, 0);

	if (n < 0)
		fail_msg("nothing came instead of \"%s\"", message);
	heard[n] = '\0';
	assert_string_equal(heard, message);
}

static void speaks_to_an_abstract_socket(void **state)
{
	char name[64];
	int fd;

	(void)state;
	snprintf(name, sizeof name, "@slurm-pusher-test-%d", (int)getpid());
	fd = manager_open(name);
	notify_ready("2 sources");
	hears(fd, "READY=1\nSTATUS=2 sources");
	notify_status("1 source\nWATCHDOG=trigger");
	hears(fd, "STATUS=1 source WATCHDOG=trigger");
	notify_watchdog();
	hears(fd, "WATCHDOG=1");
	notify_extend(10000);
	hears(fd, "EXTEND_TIMEOUT_USEC=10000000");
	notify_stopping();
	hears(fd, "STOPPING=1");
	close(fd);
}

static void tells_when_a_reload_began(void **state)
{
	char folder[] = "/tmp/notify-XXXXXX", path[64], heard[128] = "";
	unsigned long long usec;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/socket", folder);
	fd = manager_open(path);
	notify_reloading();
	assert_true(recv(fd, heard, sizeof heard - 1, 0) > 0);
	assert_int_equal(sscanf(heard, "RELOADING=1\nMONOTONIC_USEC=%llu", &usec), 1);
	close(fd);
	unlink(path);
	rmdir(folder);
}

static void never_waits_for_a_manager_that_does_not_read(void **state)
{
	char name[64];
	int fd;

	(void)state;
	snprintf(name, sizeof name, "@slurm-pusher-full-%d", (int)getpid());
	fd = manager_open(name);
	alarm(20);
	for (int i = 0; i < 2000; i++)
		notify_watchdog();
	alarm(0);
	close(fd);
}

static void is_quiet_without_a_manager(void **state)
{
	static const char *const sockets[] = { "", "@", "relative", "/nowhere/at/all" };
	char longer[300];

	(void)state;
	unsetenv("NOTIFY_SOCKET");
	notify_watchdog();
	for (size_t i = 0; i < sizeof sockets / sizeof *sockets; i++) {
		setenv("NOTIFY_SOCKET", sockets[i], 1);
		notify_watchdog();
	}
	memset(longer, '/', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	setenv("NOTIFY_SOCKET", longer, 1);
	notify_watchdog();
}

static void feeds_the_watchdog_twice_in_its_time(void **state)
{
	char self[24];
	const struct {
		const char *usec, *pid;
		int64_t ms;
	} rows[] = {
		{ NULL, NULL, 0 },
		{ "120000000", NULL, 60000 },
		{ "120000000", self, 60000 },
		{ "120000000", "1", 0 },
		{ "0", NULL, 0 },
		{ "many", NULL, 0 },
		{ "1000", NULL, 1 },
		{ "-5000000", NULL, 0 },
	};

	(void)state;
	snprintf(self, sizeof self, "%d", (int)getpid());
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		rows[i].usec ? setenv("WATCHDOG_USEC", rows[i].usec, 1) : unsetenv("WATCHDOG_USEC");
		rows[i].pid ? setenv("WATCHDOG_PID", rows[i].pid, 1) : unsetenv("WATCHDOG_PID");
		assert_int_equal(notify_watchdog_ms(), rows[i].ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(speaks_to_an_abstract_socket),
		cmocka_unit_test(tells_when_a_reload_began),
		cmocka_unit_test(never_waits_for_a_manager_that_does_not_read),
		cmocka_unit_test(is_quiet_without_a_manager),
		cmocka_unit_test(feeds_the_watchdog_twice_in_its_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
