/*
 * Sessions of the live update orchestrator: the first boot makes and preserves them, the second retrieves and compares them.
 * Numbers and structures: include/uapi/linux/liveupdate.h, Linux 6.19 to 7.3.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"

struct session_request {
	uint32_t size;
	int32_t fd;
	char name[64];
};

struct file_request {
	uint32_t size;
	int32_t fd;
	uint64_t token;
};

struct finish_request {
	uint32_t size;
	uint32_t reserved;
};

#define CREATE_SESSION _IO(0xba, 0x00)
#define RETRIEVE_SESSION _IO(0xba, 0x01)
#define PRESERVE_FD _IO(0xba, 0x40)
#define RETRIEVE_FD _IO(0xba, 0x41)
#define FINISH _IO(0xba, 0x42)

#ifndef MFD_EXEC
#define MFD_EXEC 0x10U
#endif

static int device(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open("/dev/liveupdate", O_RDWR | O_CLOEXEC);
	return fd;
}

/* The session's descriptor, or -1 when that was said. */
static int session(unsigned long request, const char *call, const struct item *item, const char *what)
{
	struct session_request args = { .size = sizeof(args), .fd = -1 };

	if (strlen(item->name) >= sizeof(args.name)) {
		verdict(false, what, "the name is too long");
		return -1;
	}
	strcpy(args.name, item->name);
	if (device() < 0) {
		failed(what, "open /dev/liveupdate");
		return -1;
	}
	if (ioctl(device(), request, &args) < 0) {
		failed(what, call);
		return -1;
	}
	verdict(true, what, "");
	return args.fd;
}

/* A memfd with the size, content, position and seals of the item; -1 with errno. */
static int memfd_make(const struct item *item)
{
	int fd = memfd_create("kho-abi", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	uint32_t state = item->fill;
	uint8_t buffer[4096];

	if (fd < 0 || ftruncate(fd, item->size) < 0)
		return -1;
	if (!item->fill && item->size && fallocate(fd, 0, 0, item->size) < 0)
		return -1;
	for (uint64_t at = 0; item->fill && at < item->size; at += sizeof(buffer)) {
		size_t part = item->size - at < sizeof(buffer) ? item->size - at : sizeof(buffer);

		fill_bytes(&state, buffer, part);
		if (pwrite(fd, buffer, part, at) != (ssize_t)part)
			return -1;
	}
	if (lseek(fd, item->pos, SEEK_SET) < 0)
		return -1;
	if (item->seals && fcntl(fd, F_ADD_SEALS, (int)item->seals) < 0)
		return -1;
	return fd;
}

/* Says in which page frames the file lies. A private mapping that is only read shows the file's own pages, whatever its seals. */
static void pages_say(const char *name, const struct item *item, int fd)
{
	uint64_t page = getpagesize(), count = (item->size + page - 1) / page;
	uint64_t first = 0, start = 0, entry;
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	volatile uint8_t *map;

	if (!count || pagemap < 0)
		return;
	map = mmap(NULL, item->size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (map == MAP_FAILED)
		return;
	for (uint64_t index = 0; index <= count; index++) {
		uint64_t pfn = 0;

		if (index < count) {
			(void)map[index * page];
			if (pread(pagemap, &entry, 8, ((uintptr_t)map / page + index) * 8) != 8)
				break;
			pfn = entry & ((1ULL << 55) - 1);
		}
		if (index && (index == count || pfn != first + (index - start))) {
			say("pages %s 0x%llx index=%llu pfn=0x%llx count=%llu", name, (unsigned long long)item->number,
			    (unsigned long long)start, (unsigned long long)first, (unsigned long long)(index - start));
			start = index;
			first = pfn;
		} else if (!index) {
			first = pfn;
		}
	}
	munmap((void *)map, item->size);
	close(pagemap);
}

static void file_preserve(const struct item *item, const char *name, int session_fd, const char *what)
{
	struct file_request args = { .size = sizeof(args), .token = item->number };

	args.fd = memfd_make(item);
	if (args.fd < 0)
		return failed(what, "memfd");
	if (ioctl(session_fd, PRESERVE_FD, &args) < 0)
		return failed(what, "PRESERVE_FD");
	verdict(true, what, "preserved");
	pages_say(name, item, args.fd);
}

/* Retrieves a file and compares everything that the item gives. */
static void file_check(const struct item *item, int session_fd, const char *what)
{
	struct file_request args = { .size = sizeof(args), .fd = -1, .token = item->number };
	unsigned int keys = item->keys;
	uint32_t crc, want = item->crc;
	char wanted[160] = "";
	int64_t pos, size;
	int seals;

	if (ioctl(session_fd, RETRIEVE_FD, &args) < 0)
		return failed(what, "RETRIEVE_FD");
	pos = lseek(args.fd, 0, SEEK_CUR);
	seals = fcntl(args.fd, F_GET_SEALS);
	/* SEEK_END moves the position, which has been read. */
	size = lseek(args.fd, 0, SEEK_END);
	if (pos < 0 || size < 0)
		return failed(what, "lseek");
	if (seals < 0)
		return failed(what, "F_GET_SEALS");
	if (crc_of_fd(args.fd, 0, size, &crc) < 0)
		return failed(what, "read");
	if (keys & KEY_FILL && !(keys & KEY_CRC)) {
		want = crc_of_fill(item->fill, keys & KEY_SIZE ? item->size : (uint64_t)size);
		keys |= KEY_CRC;
	}
#define WANT(bit, found, value, format) \
	if (keys & (bit) && (uint64_t)(found) != (uint64_t)(value)) \
		sprintf(wanted + strlen(wanted), " " format, (unsigned long long)(value))
	WANT(KEY_SIZE, size, item->size, "size=0x%llx");
	WANT(KEY_POS, pos, item->pos, "pos=0x%llx");
	WANT(KEY_SEALS, seals, item->seals, "seals=0x%llx");
	WANT(KEY_CRC, crc, want, "crc=0x%08llx");
#undef WANT
	verdict(!wanted[0], what, "size=0x%llx pos=0x%llx seals=0x%x crc=0x%08x%s%s", (unsigned long long)size,
		(unsigned long long)pos, (unsigned int)seals, crc, wanted[0] ? " want" : "", wanted);
}

static void finish(int session_fd, const char *what)
{
	struct finish_request args = { .size = sizeof(args) };

	if (ioctl(session_fd, FINISH, &args) < 0)
		return failed(what, "FINISH");
	verdict(true, what, "");
}

/* Descriptors stay open on purpose: closing a session undoes what it preserved, or finishes it. */
static void sessions(const struct item *items, size_t count, bool preserve)
{
	const char *name = "?";
	char what[240];
	int fd = -1;

	for (size_t at = 0; at < count; at++) {
		const struct item *item = &items[at];

		switch (item->kind) {
		case ITEM_SESSION:
			name = item->name;
			snprintf(what, sizeof(what), "session %s", name);
			fd = session(preserve ? CREATE_SESSION : RETRIEVE_SESSION,
				     preserve ? "CREATE_SESSION" : "RETRIEVE_SESSION", item, what);
			break;
		case ITEM_FILE:
			snprintf(what, sizeof(what), "session %s file 0x%llx", name, (unsigned long long)item->number);
			if (fd < 0)
				verdict(false, what, "no session");
			else if (preserve)
				file_preserve(item, name, fd, what);
			else
				file_check(item, fd, what);
			break;
		case ITEM_FINISH:
			snprintf(what, sizeof(what), "session %s finish", name);
			if (preserve)
				break;
			if (fd < 0)
				verdict(false, what, "no session");
			else
				finish(fd, what);
			break;
		default:
			break;
		}
	}
}

void luo_preserve(const struct item *items, size_t count)
{
	sessions(items, count, true);
}

void luo_check(const struct item *items, size_t count)
{
	sessions(items, count, false);
}
