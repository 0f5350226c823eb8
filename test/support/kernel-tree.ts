import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryFolder } from './cli.js';

/** What is different in a tree. */
export interface TreeText {
  version?: string;
  /** C text of the type of `kho_vmalloc.total_pages`. */
  pages?: string;
  /** Depth of the map with 16K pages. */
  depth16?: number;
}

/** Lines that the tests look for: the version and the structure. */
export const VERSION_LINE = 9;
export const VMALLOC_LINE = 8;

/** Files of a tree with a version, a map and a structure; our own text with the names of the kernel. */
function treeFiles({
  version = 'kho-v4',
  pages = 'unsigned int',
  depth16 = 5,
}: TreeText): Record<string, string> {
  return {
    Makefile: 'VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 4\nEXTRAVERSION =\n',
    'include/linux/kho/abi/kexec_handover.h': `/* SPDX-License-Identifier: MIT */
#ifndef _TEST_KHO_ABI_KEXEC_HANDOVER_H
#define _TEST_KHO_ABI_KEXEC_HANDOVER_H

#include <linux/types.h>

/* Version of the root. */

#define KHO_FDT_COMPATIBLE "${version}"
#define KHO_SUB_TREE_PROP_NAME "preserved-data"

#endif
`,
    'include/linux/kho/abi/radix.h': `/* SPDX-License-Identifier: MIT */
#ifndef _TEST_KHO_ABI_RADIX_H
#define _TEST_KHO_ABI_RADIX_H

#include <asm/page.h>

/* The version of the map is KHO_FDT_COMPATIBLE. */
#define KHO_TREE_MAX_DEPTH (PAGE_SHIFT == 14 ? ${depth16} : 6)

#endif
`,
    'include/linux/kho/abi/vmalloc.h': `/* SPDX-License-Identifier: MIT */
#ifndef _TEST_KHO_ABI_VMALLOC_H
#define _TEST_KHO_ABI_VMALLOC_H

#include <linux/types.h>

/* The version of this structure is KHO_FDT_COMPATIBLE. */
struct kho_vmalloc {
	__u64 first;
	${pages} total_pages;
	unsigned short flags;
	unsigned short order;
} __attribute__((packed));

#endif
`,
  };
}

/** Writes such a tree into a folder, by default a new one, and gives the folder. */
export function writeKernelTree(text: TreeText = {}, folder = temporaryFolder()): string {
  for (const [path, content] of Object.entries(treeFiles(text))) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}
