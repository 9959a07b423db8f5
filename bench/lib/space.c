/*
 * space.c - a network namespace of our own.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "space.h"

bool
put_file(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	if (fd >= 0)
		close(fd);
	return n == (ssize_t)strlen(text);
}

bool
space_leave(int flags)
{
	char map[64];

	if (unshare(flags) == 0)
		return true;
	snprintf(map, sizeof(map), "0 %u 1\n", (unsigned)getuid());
	return unshare(CLONE_NEWUSER | flags) == 0 && put_file("/proc/self/uid_map", map);
}
