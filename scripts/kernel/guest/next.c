/* Loads the next kernel with kexec_file_load and jumps into it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/reboot.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"

void next_kernel(const char *command_line)
{
	int kernel = open("/next-kernel", O_RDONLY | O_CLOEXEC);
	int initrd = open("/next-initrd", O_RDONLY | O_CLOEXEC);

	if (kernel < 0 || initrd < 0)
		return failed("next", "open /next-kernel or /next-initrd");
	if (syscall(SYS_kexec_file_load, kernel, initrd, strlen(command_line) + 1, command_line, 0UL) < 0)
		return failed("next", "kexec_file_load");
	say("kexec ok=%u fail=%u", say_ok, say_fail);
	syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_KEXEC, NULL);
	failed("next", "reboot");
}
