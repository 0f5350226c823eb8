/** One change for each rule of the self-test and of kexec-metadata. */
import { blob } from '../../support/blob.js';
import { native, u64 } from '../../support/native.js';
import type { Case } from './case.js';

export const TEST_CASES: Case[] = [
  [
    'kho-test-version',
    (hand) => {
      const at = hand.replace('kho_test', 'kho-test-v1', 'kho-test-v2');
      return { severity: 'error', path: '/kho_test/compatible', address: at };
    },
  ],
  [
    'kho-test-version',
    (hand) => {
      // An inline list, as 6.17 has it, for kernels that want a vmalloc area: three folios, 24 bytes.
      const number = (value: bigint): number[] => [...native(hand.order, u64(value))];
      const u32 = (value: number): number[] =>
        number(BigInt(value))
          .slice(hand.order === 'little' ? 0 : 4)
          .slice(0, 4);
      hand.bytes(
        hand.blob('kho_test'),
        blob({
          pieces: [
            { begin: '' },
            { prop: 'compatible', value: 'kho-test-v1\0' },
            { prop: 'magic', value: u32(0x4b484f21) },
            { begin: 'data' },
            { prop: 'nr_folios', value: u32(3) },
            { prop: 'folios_info', value: [0x2000, 0x2001, 0x3000].flatMap((pfn) => number(hand.pfn(pfn))) },
            { prop: 'csum', value: u32(0) },
            { end: true },
            { end: true },
          ],
        }),
      );
      return { severity: 'error', path: '/kho_test', says: 'this is kho-test-v1-6.17' };
    },
  ],
  [
    'kho-test-magic',
    (hand) => {
      const at = hand.value('kho_test', [], 'magic');
      hand.u32(at, 0x214f484b);
      return { severity: 'error', path: '/kho_test/magic', address: at };
    },
  ],
  [
    'kho-test-list-overflow',
    (hand) => {
      hand.u32(hand.value('kho_test', ['data'], 'nr_folios'), Number(hand.page / 8n) + 1);
      return { severity: 'error', path: '/kho_test/data/folios_info', erratum: 'B34' };
    },
  ],
  [
    'kho-test-list-ambiguous',
    (hand) => ({
      severity: 'note',
      path: '/kho_test/data/folios_info',
      address: hand.value('kho_test', ['data'], 'folios_info'),
      erratum: 'B10',
    }),
    { text: 'init kernel\nkho-test 0 1\n' },
  ],
  [
    'kho-test-folio-entry',
    (hand) => {
      hand.u64(hand.testList + 8n, hand.at(hand.testList + 8n) | 63n);
      return { severity: 'error', path: '/kho_test/data/folios_info', address: hand.testList + 8n };
    },
  ],
  [
    'kho-test-folio-not-preserved',
    (hand) => {
      // Its list holds address | order; the second folio has order 2.
      hand.unpreserve(hand.at(hand.testList + 8n) - 2n, 2);
      return {
        severity: 'error',
        path: '/kho_test/data/folios_info',
        address: hand.testList + 8n,
        erratum: 'B14',
        says: 'folio 1 is not preserved',
      };
    },
  ],
  [
    'kho-test-folio-order',
    (hand) => {
      const folio = hand.at(hand.testList + 8n) - 2n;
      hand.unpreserve(folio, 2);
      for (let page = 0; page < 4; page++)
        hand.made.producer.preserveFolio(Number(folio / hand.page) + page, 0);
      return {
        severity: 'error',
        path: '/kho_test/data/folios_info',
        address: hand.testList + 8n,
        says: 'folio 1',
      };
    },
  ],
  [
    'kho-test-checksum',
    (hand) => {
      hand.bytes(hand.at(hand.testList) + 100n, Uint8Array.of(1));
      return {
        severity: 'error',
        path: '/kho_test/data/csum',
        address: hand.value('kho_test', ['data'], 'csum'),
      };
    },
  ],
  [
    'kho-test-checksum-folded',
    (hand) => {
      // 0xffff more is the same when folded to 16 bits.
      const at = hand.value('kho_test', ['data'], 'csum');
      const bytes = hand.read(at, 4);
      const sum = hand.order === 'little' ? bytes.readUInt32LE() : bytes.readUInt32BE();
      hand.u32(at, sum > 0xffff_0000 ? sum - 0xffff : sum + 0xffff);
      return { severity: 'note', path: '/kho_test/data/csum', address: at };
    },
  ],
  [
    'kho-test-checksum-unchecked',
    (hand) => {
      hand.hidden.add(hand.at(hand.testList));
      return { severity: 'note', path: '/kho_test/data/csum' };
    },
  ],
];

export const METADATA_CASES: Case[] = [
  [
    'metadata-version',
    (hand) => {
      hand.u32(hand.blob('kexec-metadata'), 2);
      return { severity: 'warning', path: '/kexec-metadata', address: hand.blob('kexec-metadata') };
    },
  ],
  [
    'metadata-too-small',
    (hand) => {
      hand.setRoot('kexec-metadata', 'blob-size', 72);
      return { severity: 'warning', path: '/kexec-metadata', says: '72 bytes; expected 73' };
    },
  ],
  [
    'metadata-too-small',
    (hand) => {
      hand.setRoot('kexec-metadata', 'blob-size', 3);
      return { severity: 'warning', path: '/kexec-metadata', says: '3 bytes' };
    },
  ],
  [
    'metadata-release-unterminated',
    (hand) => {
      const at = hand.blob('kexec-metadata') + 4n;
      hand.text(at, 'x'.repeat(65), 65);
      return { severity: 'warning', path: '/kexec-metadata', address: at };
    },
  ],
  [
    'metadata-count-zero',
    (hand) => {
      const at = hand.blob('kexec-metadata') + 69n;
      hand.u32(at, 0);
      return { severity: 'note', path: '/kexec-metadata', address: at };
    },
  ],
];
