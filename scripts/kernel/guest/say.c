/* Lines to the kernel's log: each write to /dev/kmsg is one record, so kernel messages never fall inside a line. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"

unsigned int say_ok, say_fail;

static int log_fd = 1;

void say_open(void)
{
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
		log_fd = fd;
}

static void put(const char *text)
{
	char line[900];
	int length = snprintf(line, sizeof(line), "KHOABI: %s\n", text);

	if (length >= (int)sizeof(line))
		length = sizeof(line) - 1;
	/* Nothing can be told to anybody when this fails. */
	if (write(log_fd, line, length) < 0)
		return;
}

void say(const char *format, ...)
{
	char text[800];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	put(text);
}

void verdict(bool ok, const char *what, const char *format, ...)
{
	char numbers[400];
	va_list args;

	va_start(args, format);
	vsnprintf(numbers, sizeof(numbers), format, args);
	va_end(args);
	if (ok)
		say_ok++;
	else
		say_fail++;
	say("%s %s%s%s", what, ok ? "ok" : "FAIL", numbers[0] ? " " : "", numbers);
}

void failed(const char *what, const char *call)
{
	int number = errno;
	const char *name = strerrorname_np(number);

	verdict(false, what, "%s errno=%d %s", call, number, name ? name : "?");
}
