/*
 * What the parts of the guest's program share. See README.md for the command line, /expect and the lines that are printed.
 */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define DEBUGFS_KHO "/sys/kernel/debug/kho"

/* say.c: one line to the log, "KHOABI: " in front. */
void say_open(void);
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A line that counts: "WHAT ok" or "WHAT FAIL", and the numbers behind it. */
void verdict(bool ok, const char *what, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The verdict for a system call that failed, with errno. */
void failed(const char *what, const char *call);
extern unsigned int say_ok, say_fail;

/* content.c */
uint32_t crc_update(uint32_t crc, const void *bytes, size_t length);
/* The next `length` bytes of a fill; `state` starts as the fill's number. */
void fill_bytes(uint32_t *state, uint8_t *bytes, size_t length);
uint32_t crc_of_fill(uint32_t fill, uint64_t size);
/* CRC of `size` bytes from `offset` on; -1 with errno when they cannot be read. */
int crc_of_fd(int fd, uint64_t offset, uint64_t size, uint32_t *crc);

/* expect.c: the lines of /expect. */
enum item_kind { ITEM_SESSION, ITEM_FILE, ITEM_FINISH, ITEM_MEMORY, ITEM_DEBUGFS };
enum item_key { KEY_SIZE = 1, KEY_POS = 2, KEY_SEALS = 4, KEY_CRC = 8, KEY_FILL = 16 };
struct item {
	enum item_kind kind;
	char name[128];		/* session or debugfs name */
	uint64_t number;	/* token or physical address */
	unsigned int keys;	/* which of the following are given */
	uint64_t size, pos, seals, crc, fill;
};
/* Reads the file; the list ends where `*count` says. NULL and *count 0 when there is no file. A bad line is said and left out. */
struct item *expect_read(const char *path, size_t *count);

/* luo.c */
void luo_preserve(const struct item *items, size_t count);
void luo_check(const struct item *items, size_t count);

/* debugfs.c: files as base64. */
void debugfs_print(const char *folder);
/* The addresses that the boot protocol gave. */
void handover_print(void);

/* next.c: loads the next kernel and jumps. Returns only when that failed. */
void next_kernel(const char *command_line);

#endif
