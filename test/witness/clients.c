/*
 * The kernel's own clients of Kexec Handover, in the order in which a booting kernel starts them.
 *
 * In the first releases those that preserve memory wait for finalize; from 6.19 on they do it at boot.
 */
#include <stdlib.h>
#include <string.h>

#include "clients.h"

static bool at_finalize(const struct kho *k)
{
	return k->abi->finalize == FINALIZE_ALL;
}

/* At finalize there is no FDT to edit yet: nodes are put down in a list that goes in front of the queue. */
int client_register(struct kho *k, const char *name, uint64_t phys, uint64_t size)
{
	if (!at_finalize(k))
		return rootfdt_add(k, name, phys, size);
	k->early[k->nearly++] = (struct subtree){ name, phys };
	return 0;
}

static int metadata_boot(struct kho *k)
{
	uint64_t phys = take_and_preserve(k, 0);
	struct kexec_metadata *meta = phys_to_virt(phys);

	meta->version = 1;
	meta->kexec_count = k->sc->clients.kexec_count;
	memcpy(meta->previous_release, k->sc->uts, sizeof(meta->previous_release));
	return client_register(k, "kexec-metadata", phys, sizeof(*meta));
}

int clients_boot(struct kho *k)
{
	const struct client_lines *lines = &k->sc->clients;
	int err = 0;

	if (k->abi->has_metadata && (lines->metadata || k->sc->kernel_init))
		err = metadata_boot(k);
	if (!err && lines->ntest) {
		selftest_boot(k);
		if (!at_finalize(k))
			err = selftest_register(k);
	}
	if (!err && lines->luo)
		err = luo_boot(k);
	if (!err && lines->nregions)
		err = memblock_boot(k);
	return err;
}

int clients_finalize(struct kho *k)
{
	int err = 0;

	k->nearly = 0;
	if (k->sc->clients.ntest)
		err = selftest_finalize(k);
	if (!err && k->sc->clients.nregions)
		err = memblock_finalize(k);
	return err;
}

void clients_end(struct kho *k)
{
	if (k->luo)
		luo_end(k);
}
