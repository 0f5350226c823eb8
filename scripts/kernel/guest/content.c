/* Content of files and memory: checksums, and the bytes that a fill stands for. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"

/* CRC-32 with the reflected polynomial 0xedb88320, as zlib and gzip have it. */
uint32_t crc_update(uint32_t crc, const void *bytes, size_t length)
{
	static uint32_t table[256];
	const uint8_t *at = bytes;

	if (!table[1]) {
		for (uint32_t index = 0; index < 256; index++) {
			uint32_t value = index;

			for (int bit = 0; bit < 8; bit++)
				value = value & 1 ? value >> 1 ^ 0xedb88320 : value >> 1;
			table[index] = value;
		}
	}
	crc = ~crc;
	while (length--)
		crc = table[(crc ^ *at++) & 0xff] ^ crc >> 8;
	return ~crc;
}

void fill_bytes(uint32_t *state, uint8_t *bytes, size_t length)
{
	for (size_t at = 0; at < length; at++) {
		*state = *state * 1664525 + 1013904223;
		bytes[at] = *state >> 24;
	}
}

uint32_t crc_of_fill(uint32_t fill, uint64_t size)
{
	uint8_t buffer[4096];
	uint32_t crc = 0, state = fill;

	memset(buffer, 0, sizeof(buffer));
	while (size) {
		size_t part = size < sizeof(buffer) ? size : sizeof(buffer);

		if (fill)
			fill_bytes(&state, buffer, part);
		crc = crc_update(crc, buffer, part);
		size -= part;
	}
	return crc;
}

int crc_of_fd(int fd, uint64_t offset, uint64_t size, uint32_t *crc)
{
	uint8_t buffer[4096];

	*crc = 0;
	while (size) {
		size_t part = size < sizeof(buffer) ? size : sizeof(buffer);
		ssize_t got = pread(fd, buffer, part, offset);

		if (got < 0)
			return -1;
		if (got == 0) {
			errno = ENODATA;
			return -1;
		}
		*crc = crc_update(*crc, buffer, got);
		offset += got;
		size -= got;
	}
	return 0;
}
