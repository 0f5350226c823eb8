import { makeRules } from './build.js';

const METADATA = 'kernel/liveupdate/kexec_handover.c, Linux 7.1 to 7.3';
const TEST = 'lib/test_kho.c, Linux 6.17 to 7.3';
const MEMBLOCK = 'mm/memblock.c, Linux 6.16 to 7.3';
const B14 = 'erratum B14, Linux 6.16 to 7.3';

/** Rules of kexec-metadata. */
export const METADATA_RULES = makeRules('clients', 'kexec-metadata', {
  'metadata-version': [
    490,
    'warning',
    'a version of kexec-metadata that receivers do not know',
    METADATA,
    'The kernel says that the version is not supported and goes on without: the name of the old kernel and the count are lost.',
  ],
  'metadata-too-small': [
    491,
    'warning',
    'the blob of kexec-metadata is too small',
    METADATA,
    'Below 4 bytes there is no version, below 73 not all of version 1. The kernel says so and ignores the blob.',
  ],
  'metadata-release-unterminated': [
    492,
    'warning',
    'the release has no NUL',
    METADATA,
    'The kernel prints the field as a string: it reads on into the count and past the structure.',
  ],
  'metadata-count-zero': [
    493,
    'note',
    'the count of kexecs is 0',
    METADATA,
    'A sender writes the count that it got plus 1, so at least 1. Receivers do not look.',
  ],
});

/** Rules of the self-test. */
export const TEST_RULES = makeRules('clients', 'kho_test', {
  'kho-test-version': [
    480,
    'error',
    'a version of the self-test that receivers do not know',
    TEST,
    'The restore fails ("KHO restore failed"); folios and list stay withheld.',
  ],
  'kho-test-magic': [
    481,
    'error',
    'the magic number is wrong',
    TEST,
    'The restore fails. A number with its bytes the other way round means that the blob comes from a machine of the other byte order.',
  ],
  'kho-test-list-overflow': [
    482,
    'error',
    'nr_folios is more than the list holds',
    'erratum B34, Linux 6.18 to 7.3',
    'The count is trusted: the kernel reads past the list and takes what follows for folios.',
  ],
  'kho-test-list-ambiguous': [
    483,
    'note',
    'both forms of the list have 16 bytes',
    'erratum B10, Linux 6.17 and 6.18',
    'The list became a vmalloc area in 6.18 without a new string. With two folios the length does not tell them apart; a receiver of the other form reads addresses that are none.',
  ],
  'kho-test-folio-entry': [
    484,
    'error',
    'an entry of the list is no folio',
    TEST,
    'The bits below the page shift are the order. An order that no folio has, or an address that is not aligned to it, makes the restore fail.',
  ],
  'kho-test-folio-not-preserved': [
    485,
    'error',
    'a folio of the self-test is not preserved',
    B14,
    'The restore fails, or sums memory that somebody else uses.',
    'kho_test; needs memory',
  ],
  'kho-test-folio-order': [
    486,
    'error',
    'a folio is preserved, but not with its order',
    TEST,
    'The restore takes the order from the preserved block: the folio comes back with another size, or not at all.',
    'kho_test; needs memory',
  ],
  'kho-test-checksum': [
    487,
    'error',
    'the folios do not have the recorded checksum',
    TEST,
    'The folios were changed after the checksum was made; the test fails, as it is meant to.',
    'kho_test; needs memory with the folios',
  ],
  'kho-test-checksum-folded': [
    488,
    'note',
    'the checksum agrees only when folded to 16 bits',
    TEST,
    'The unfolded value of csum_partial differs between architectures. The blob comes from another one than was assumed; a receiver of that one is content.',
    'kho_test; needs memory with the folios',
  ],
  'kho-test-checksum-unchecked': [
    489,
    'note',
    'the folios are not in the dump, so their checksum is not checked',
    TEST,
    'Dumps of the pages that Kexec Handover needs leave the content of folios out.',
    'kho_test; needs memory',
  ],
});

/** Rules of memblock's regions. */
export const MEMBLOCK_RULES = makeRules('clients', 'memblock', {
  'memblock-version': [
    470,
    'warning',
    'a version of memblock that receivers do not know',
    MEMBLOCK,
    'All regions are allocated anew and empty; the old memory stays withheld.',
  ],
  'reserve-mem-version': [
    471,
    'warning',
    'a version of a region that receivers do not know',
    MEMBLOCK,
    'The region is allocated anew and empty; its old memory stays withheld.',
  ],
  'reserve-mem-partial-page': [
    472,
    'warning',
    'the size of a region is not a multiple of the page size',
    'erratum B13, Linux 6.18 to 7.3',
    'The number of preserved pages is size >> page shift: the last partial page is not preserved, and its content may be overwritten. 6.16 and 6.17 refuse such a region at finalize.',
  ],
  'reserve-mem-alignment': [
    473,
    'warning',
    'a region does not begin with a page',
    MEMBLOCK,
    'Pages are counted from the one that holds the start, so the end of the region is not preserved. Receivers compare the start with the requested alignment and allocate anew if it does not fit.',
  ],
  'reserve-mem-empty': [
    474,
    'warning',
    'start or size of a region is 0',
    MEMBLOCK,
    'No kernel reserves such a region. Receivers compare size with what is requested and allocate anew.',
  ],
  'reserve-mem-range': [
    475,
    'warning',
    'a region passes the end of all addresses',
    MEMBLOCK,
    'No memory is there. Receivers compare the size with what is requested and allocate anew.',
  ],
  'reserve-mem-overlap': [
    476,
    'error',
    'two regions share memory',
    MEMBLOCK,
    'Both are revived, and their users overwrite each other.',
  ],
  'reserve-mem-in-scratch': [
    477,
    'error',
    'a region lies in a scratch area',
    'erratum B27, Linux 6.16 to 7.3',
    'The next kernel boots in scratch memory: the region is overwritten before it is revived.',
    'memblock; needs scratch areas',
  ],
  'reserve-mem-not-preserved': [
    478,
    'error',
    'a region is not preserved',
    'errata B13 and B14, Linux 6.16 to 7.3',
    'Nobody compares regions with the map: the region is revived all the same, over memory that is in use.',
    'memblock; needs memory',
  ],
  'reserve-mem-name': [
    479,
    'warning',
    'a name that no region has',
    MEMBLOCK,
    'Names have 1 to 15 characters, and each stands once. A region of another name is never asked for, and of two the first is taken.',
  ],
  'reserve-mem-count': [
    469,
    'warning',
    'more regions than a kernel has',
    MEMBLOCK,
    'A kernel reserves at most 8 regions: the others are never asked for and stay withheld.',
  ],
});
