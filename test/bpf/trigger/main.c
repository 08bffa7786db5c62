/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <sys/sysmacros.h>

#include "trigger.h"

void facts(const char *key, long long value, ...)
{
	char line[512];
	int n = snprintf(line, sizeof(line), "{\"%s\":%lld", key, value);
	va_list rest;

	va_start(rest, value);
	while ((key = va_arg(rest, const char *)))
		n += snprintf(line + n, sizeof(line) - n, ",\"%s\":%lld", key, va_arg(rest, long long));
	va_end(rest);
	n += snprintf(line + n, sizeof(line) - n, "}\n");
	MUST(write(1, line, n));
}

void hold(void)
{
	char byte;

	facts("ready", 1, NULL);
	while (read(0, &byte, 1) < 0 && errno == EINTR)
		;
}

long long start_ticks(pid_t pid)
{
	char path[64], text[1024];
	int fd, n;
	long long ticks = -1;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = MUST(open(path, O_RDONLY | O_CLOEXEC));
	n = MUST(read(fd, text, sizeof(text) - 1));
	close(fd);
	text[n] = 0;
	/* Field 22; the name in field 2 may hold anything, so count from its closing bracket. */
	sscanf(strrchr(text, ')') + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %lld", &ticks);
	return ticks;
}

long long kernel_dev(dev_t dev)
{
	return (long long)major(dev) << 20 | minor(dev);
}

int reap(pid_t pid)
{
	int status;

	MUST(waitpid(pid, &status, __WALL));
	return status;
}

int main(int argc, char **argv)
{
	const struct scenario *tables[] = {process_scenarios, exec_scenarios, file_scenarios, place_scenarios, tcp_scenarios,
					   udp_scenarios, unix_scenarios, state_scenarios, control_scenarios, evasion_scenarios,
					   ring_scenarios, uring_scenarios, message_scenarios};

	for (size_t i = 0; argc > 1 && i < sizeof(tables) / sizeof(tables[0]); i++) {
		for (const struct scenario *s = tables[i]; s->name; s++) {
			if (strcmp(s->name, argv[1]))
				continue;
			s->run(argc - 2, argv + 2);
			return 0;
		}
	}
	fprintf(stderr, "no scenario %s\n", argc > 1 ? argv[1] : "");
	return 2;
}
