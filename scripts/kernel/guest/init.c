/*
 * The only program in the guest: preserves and calls kexec, or judges what was handed over. README.md has all formats.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "guest.h"

static char command_line[4096];

static void mounts(void)
{
	static const struct {
		const char *type, *where;
	} all[] = {
		{ "devtmpfs", "/dev" },
		{ "proc", "/proc" },
		{ "sysfs", "/sys" },
		{ "debugfs", "/sys/kernel/debug" },
	};

	for (size_t at = 0; at < sizeof(all) / sizeof(all[0]); at++) {
		mkdir(all[at].where, 0755);
		/* devtmpfs may be there already: a failure shows later, as the file that is missing. */
		mount(all[at].type, all[at].where, all[at].type, 0, NULL);
	}
}

static void command_line_read(void)
{
	int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? 0 : read(fd, command_line, sizeof(command_line) - 1);

	command_line[got > 0 ? got : 0] = 0;
	command_line[strcspn(command_line, "\n")] = 0;
	close(fd);
}

/* The value of a parameter, or `fallback`. */
static const char *parameter(const char *name, const char *fallback, char *buffer, size_t size)
{
	size_t length = strlen(name);

	for (const char *at = command_line; at; at = strchr(at, ' ') ? strchr(at, ' ') + 1 : NULL) {
		if (strncmp(at, name, length) || at[length] != '=')
			continue;
		at += length + 1;
		snprintf(buffer, size, "%.*s", (int)strcspn(at, " "), at);
		return buffer;
	}
	return fallback;
}

static void memory_check(const struct item *item)
{
	char what[64];
	uint32_t crc;
	int fd = open("/dev/mem", O_RDONLY | O_CLOEXEC);

	snprintf(what, sizeof(what), "memory 0x%llx", (unsigned long long)item->number);
	if (fd < 0)
		return failed(what, "open /dev/mem");
	if (crc_of_fd(fd, item->number, item->size, &crc) < 0)
		failed(what, "read");
	else
		verdict(!(item->keys & KEY_CRC) || crc == item->crc, what, "size=0x%llx crc=0x%08x",
			(unsigned long long)item->size, crc);
	close(fd);
}

static void debugfs_check(const struct item *item)
{
	char what[160], path[256];
	uint8_t buffer[4096];
	uint64_t size = 0;
	uint32_t crc = 0;
	ssize_t got;
	int fd;

	snprintf(what, sizeof(what), "debugfs %s", item->name);
	snprintf(path, sizeof(path), DEBUGFS_KHO "/in/%s%s", strcmp(item->name, "fdt") ? "sub_fdts/" : "", item->name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return failed(what, "open");
	while ((got = read(fd, buffer, sizeof(buffer))) > 0) {
		crc = crc_update(crc, buffer, got);
		size += got;
	}
	verdict((!(item->keys & KEY_CRC) || crc == item->crc) && (!(item->keys & KEY_SIZE) || size == item->size), what,
		"size=0x%llx crc=0x%08x", (unsigned long long)size, crc);
	close(fd);
}

static void judge(const struct item *items, size_t count)
{
	for (size_t at = 0; at < count; at++) {
		if (items[at].kind == ITEM_MEMORY)
			memory_check(&items[at]);
		if (items[at].kind == ITEM_DEBUGFS)
			debugfs_check(&items[at]);
	}
	luo_check(items, count);
}

static void preserve(const struct item *items, size_t count)
{
	char next[4096] = "";

	luo_preserve(items, count);
	debugfs_print("out");
	parameter("kho_abi.next", "", next, sizeof(next));
	for (char *at = next; *at; at++)
		if (*at == ';')
			*at = ' ';
	next_kernel(next);
}

int main(void)
{
	char buffer[64];
	struct rlimit files = { 4096, 4096 };
	struct utsname uts;
	struct item *items;
	const char *when;
	bool second;
	size_t count;

	mounts();
	say_open();
	command_line_read();
	setrlimit(RLIMIT_NOFILE, &files);
	second = access(DEBUGFS_KHO "/in/fdt", F_OK) == 0;
	uname(&uts);
	say("boot %s release=%s page-size=0x%x", second ? "second" : "first", uts.release, getpagesize());
	items = expect_read("/expect", &count);
	if (!second && !strcmp(parameter("kho_abi.mode", "judge", buffer, sizeof(buffer)), "capture")) {
		preserve(items, count);
	} else {
		when = parameter("kho_abi.debugfs", "first", buffer, sizeof(buffer));
		for (int round = 0; round < 2; round++) {
			if (round == 1)
				judge(items, count);
			if (!strcmp(when, round ? "last" : "first")) {
				handover_print();
				debugfs_print("in");
				debugfs_print("out");
			}
		}
	}
	say("done ok=%u fail=%u", say_ok, say_fail);
	say("power-off");
	sync();
	reboot(RB_POWER_OFF);
	/* A kernel that cannot switch the machine off goes on; the first program must not end. */
	for (;;)
		pause();
}
