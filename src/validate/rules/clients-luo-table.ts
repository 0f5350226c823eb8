import { makeRules } from './build.js';

const CORE = 'kernel/liveupdate/luo_core.c, Linux 6.19 to 7.3';
const SESSION = 'kernel/liveupdate/luo_session.c, Linux 6.19 to 7.3';
const FILE = 'kernel/liveupdate/luo_file.c, Linux 6.19 to 7.3';
const FLB = 'kernel/liveupdate/luo_flb.c, Linux 7.0 to 7.3';
const BLOCK = 'kernel/liveupdate/kho_block.c, Linux 7.2 and 7.3';
const MEMFD = 'mm/memfd_luo.c, Linux 6.19 to 7.3';
const EARLY =
  "LUO's early init runs whenever Kexec Handover is on, also without liveupdate=on, and panics on every error but a missing subtree.";
const OPEN =
  'The first open of /dev/liveupdate fails with -EIO, and so does every later one until the next reboot.';

/** Rules of LUO: root, sessions, files, FLBs. */
export const LUO_RULES = makeRules('clients', 'LUO', {
  'luo-version': [420, 'error', 'a version of LUO that receivers do not know', CORE, EARLY],
  'luo-too-small': [421, 'error', 'the blob of LUO is too small', CORE, EARLY],
  'luo-node-version': [
    422,
    'error',
    'a node of LUO has another version',
    'erratum B16, Linux 6.19 to 7.1',
    `${EARLY} The node of the sessions is luo-session-v2; luo-session-v1 stands in a comment only.`,
    'LUO as a device tree',
  ],
  'luo-flb-node-absent': [
    423,
    'warning',
    'there is no luo-flb node',
    'erratum B8, Linux 6.19 and 7.0',
    'Kernels from 7.0 on look for the node that 6.19 does not write, and panic. The version string does not tell the two apart.',
    'LUO as a device tree',
  ],
  'luo-sessions-zero': [
    424,
    'warning',
    'FLBs are in use, but there are no sessions',
    SESSION,
    'The address of a chain of sessions is written at reboot. It is 0 without sessions, but then no file uses an FLB: the dump was made before the reboot, or the address got lost and with it all files.',
    'LUO with FLBs',
  ],
  'luo-number-zero': [
    425,
    'note',
    'the number of live updates is 0',
    CORE,
    'A sender writes the number that it got plus 1, so at least 1. Receivers do not look.',
  ],
  'luo-text-unterminated': [
    426,
    'error',
    'a name or compatible string has no NUL',
    'include/linux/kho/abi/luo.h, Linux 6.19 to 7.3',
    'Fields are compared as strings: an unterminated one reads on into the next field, and no handler or owner has such a name.',
  ],
  'luo-session-duplicate': [427, 'error', 'two sessions have one name', SESSION, OPEN],
  'luo-files-count': [
    428,
    'error',
    'the blocks hold another number of files than the session says',
    FILE,
    OPEN,
    'LUO with files in KHO blocks',
  ],
  'luo-files-null': [
    429,
    'warning',
    'a session has files but no address of them',
    FILE,
    'The kernel warns, and the session comes back empty.',
  ],
  'luo-handler-unknown': [
    430,
    'warning',
    'a file that no handler of a released kernel takes',
    FILE,
    `Only memfd is known. If nothing that the next kernel loads registers a handler for the string: ${OPEN}`,
  ],
  'luo-token-duplicate': [
    431,
    'warning',
    'two files of a session have one token',
    FILE,
    'Files are retrieved by their token: the second one cannot be asked for.',
  ],
  'luo-array-overflow': [
    432,
    'error',
    'a count is more than the block holds',
    'erratum B34, Linux 6.19 to 7.3',
    'The count is trusted: the kernel reads past the block and takes what follows for entries.',
    'LUO with sessions or files in arrays; FLBs',
  ],
  'luo-block-count': [
    433,
    'error',
    'a block with no entries, or with more than fit',
    BLOCK,
    `The whole chain is refused. For sessions: ${EARLY} For files: ${OPEN}`,
    'LUO with KHO blocks',
  ],
  'luo-block-empty-last': [
    434,
    'error',
    'the last block is empty: the next kernel panics',
    'erratum B9, Linux 7.2 and 7.3',
    `A session that was refused for its name after the chain had grown leaves such a block. The chain is refused. ${EARLY}`,
    'LUO with KHO blocks',
  ],
  'luo-block-limit': [
    435,
    'error',
    'more blocks than a reader takes',
    BLOCK,
    'Readers count to 10000 blocks and return -ENOSPC: a panic for sessions, a failed open for files.',
    'LUO with KHO blocks',
  ],
  'luo-block-short': [
    436,
    'note',
    'a block that is not the last is not full',
    BLOCK,
    "Accepted: each block's own count is honoured. Writers fill a block before they take another one.",
    'LUO with KHO blocks',
  ],
  'luo-flb-duplicate': [
    437,
    'warning',
    'two FLBs have one name',
    FLB,
    'FLBs are found by name: the second one never is.',
    'LUO with FLBs',
  ],
  'luo-flb-pages': [
    438,
    'warning',
    'the number of FLB pages is not 1',
    FLB,
    'Writers take one page and say so. Whether receivers look at the number is not known.',
    'LUO with FLBs; needs memory',
  ],
});

/** Rules of memfds. */
export const MEMFD_RULES = makeRules('clients', 'memfds of LUO', {
  'memfd-version': [450, 'error', 'a version of memfd that receivers do not know', MEMFD, OPEN],
  'memfd-seals': [
    451,
    'error',
    'unknown seals',
    'mm/memfd_luo.c, Linux 7.1 to 7.3',
    'The file cannot be retrieved: -EOPNOTSUPP.',
    'memfd-v2',
  ],
  'memfd-flags': [
    452,
    'note',
    'reserved flags are not 0',
    'mm/memfd_luo.c, Linux 7.1 to 7.3',
    'Accepted: receivers do not look. A later kernel may.',
    'memfd-v2',
  ],
  'memfd-list-overflow': [
    453,
    'error',
    'nr_folios is more than the folio array holds',
    'erratum B34, Linux 6.19 to 7.3',
    'The count is trusted: the kernel reads past the array and takes what follows for folios.',
  ],
  'memfd-entry-pfn-zero': [
    454,
    'note',
    'a folio entry with PFN 0',
    MEMFD,
    'Accepted: the entry is skipped, and the file has a hole there.',
  ],
  'memfd-entry-range': [
    455,
    'error',
    'a folio entry that cannot be',
    MEMFD,
    'The PFN or the index is beyond all memory or every file: the array is damaged, or was read with the wrong byte order.',
  ],
  'memfd-index-order': [
    456,
    'warning',
    'folio entries are not in the order of the file',
    MEMFD,
    'Receivers put each folio where its index says and do not look at the order. Writers go through the file from its start.',
  ],
  'memfd-index-beyond': [
    457,
    'warning',
    'a folio is beyond the size of the file',
    MEMFD,
    'Receivers do not compare: the folio is there, but nobody can read it until the file grows.',
  ],
  'memfd-index-overlap': [
    458,
    'error',
    'two folios are for the same pages of a file',
    MEMFD,
    'Receivers do not compare indices. Only one folio can be in that place of the file: the other is lost, or the retrieve fails.',
    'memfds of LUO; needs memory',
  ],
  'memfd-folio-not-preserved': [
    459,
    'error',
    'a folio of a memfd is not preserved',
    'erratum B14, Linux 6.19 to 7.3',
    'The restore of the folio fails with -EIO, and the file is lost; or the page is in use by somebody else.',
    'memfds of LUO; needs memory',
  ],
  'memfd-folio-order': [
    460,
    'error',
    'no preserved block begins at a folio of a memfd',
    MEMFD,
    'An entry has no order: the folio is the preserved block that begins at its PFN. In the middle of a block there is none, and the restore fails with -EIO.',
    'memfds of LUO; needs memory',
  ],
  'memfd-folio-overlap': [
    461,
    'error',
    'two folios share memory',
    MEMFD,
    'A folio is restored once; the second restore of its pages fails with -EIO, or two files share a page.',
    'memfds of LUO; needs memory',
  ],
  'memfd-position': [
    462,
    'note',
    'the position is beyond the end of the file',
    MEMFD,
    'Accepted: a file can be positioned there.',
  ],
  'memfd-folio-flags': [
    463,
    'note',
    'folio flags that kernels do not write',
    MEMFD,
    'Recent kernels always write 3 (dirty, uptodate). Another value comes from something else than a kernel, or from a later one.',
  ],
});
