/* Files of debugfs, and how the handover was announced, as base64 lines. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"

#define MAX_FILE (1024 * 1024)
/* 180 bytes make a line of 240 characters. */
#define PIECE 180

static void piece_say(const uint8_t *bytes, size_t length)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char text[PIECE / 3 * 4 + 1], *out = text;

	for (size_t at = 0; at < length; at += 3) {
		uint32_t word = bytes[at] << 16;

		if (at + 1 < length)
			word |= bytes[at + 1] << 8;
		if (at + 2 < length)
			word |= bytes[at + 2];
		*out++ = digits[word >> 18];
		*out++ = digits[word >> 12 & 63];
		*out++ = at + 1 < length ? digits[word >> 6 & 63] : '=';
		*out++ = at + 2 < length ? digits[word & 63] : '=';
	}
	*out = 0;
	say("| %s", text);
}

static void file_print(const char *name, const char *path)
{
	uint8_t *bytes = malloc(MAX_FILE);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t got = 0;

	if (!bytes || fd < 0)
		return say("cannot read %s: errno=%d", name, errno);
	while (length < MAX_FILE && (got = read(fd, bytes + length, MAX_FILE - length)) > 0)
		length += got;
	if (got < 0)
		say("cannot read %s: errno=%d", name, errno);
	close(fd);
	say("begin %s %zu", name, length);
	for (size_t at = 0; at < length; at += PIECE)
		piece_say(bytes + at, length - at < PIECE ? length - at : PIECE);
	say("end %s crc=0x%08x", name, crc_update(0, bytes, length));
	free(bytes);
}

/* Two levels are all there are: kho/in and kho/in/sub_fdts. */
void debugfs_print(const char *folder)
{
	char path[512];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), DEBUGFS_KHO "/%s", folder);
	dir = opendir(path);
	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		char name[384];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", folder, entry->d_name);
		snprintf(path, sizeof(path), DEBUGFS_KHO "/%s", name);
		if (entry->d_type == DT_REG)
			file_print(name, path);
		else if (entry->d_type == DT_DIR && !strcmp(entry->d_name, "sub_fdts"))
			debugfs_print(name);
	}
	closedir(dir);
}

/* Where the boot protocol says that the handover lies: the device tree's /chosen on arm64, setup_data on x86. */
void handover_print(void)
{
	static const char setup_data[] = "/sys/kernel/boot_params/setup_data";
	char path[512], name[384];
	struct dirent *entry;
	DIR *dir = opendir(setup_data);

	if (access("/proc/device-tree/chosen/linux,kho-fdt", F_OK) == 0) {
		file_print("chosen/linux,kho-fdt", "/proc/device-tree/chosen/linux,kho-fdt");
		file_print("chosen/linux,kho-scratch", "/proc/device-tree/chosen/linux,kho-scratch");
	}
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		for (int part = 0; part < 2; part++) {
			snprintf(name, sizeof(name), "setup_data/%s/%s", entry->d_name, part ? "data" : "type");
			snprintf(path, sizeof(path), "/sys/kernel/boot_params/%s", name);
			file_print(name, path);
		}
	}
	if (dir)
		closedir(dir);
}
