/** One change for each rule of memblock. */
import { blob, type Piece } from '../../support/blob.js';
import { native, u64 } from '../../support/native.js';
import type { Hand } from '../clients-support.js';
import type { Case } from './case.js';

/** A tree of memblock with these regions, with numbers as memory of the CPU. */
function regions(hand: Hand, list: readonly (readonly [string, number, number])[]): void {
  const number = (value: number): number[] => [...native(hand.order, u64(value))];
  const pieces = list.flatMap(([name, start, size]): Piece[] => [
    { begin: name },
    { prop: 'compatible', value: 'reserve-mem-v1\0' },
    { prop: 'start', value: number(start) },
    { prop: 'size', value: number(size) },
    { end: true },
  ]);
  const root: Piece = { prop: 'compatible', value: 'memblock-v1\0' };
  hand.bytes(hand.blob('memblock'), blob({ pieces: [{ begin: '' }, root, ...pieces, { end: true }] }));
}

export const MEMBLOCK_CASES: Case[] = [
  [
    'memblock-version',
    (hand) => {
      const at = hand.replace('memblock', 'memblock-v1', 'memblock-v2');
      return { severity: 'warning', path: '/memblock/compatible', address: at };
    },
  ],
  [
    'reserve-mem-version',
    (hand) => {
      const at = hand.replace('memblock', 'reserve-mem-v1', 'reserve-mem-v2', 1);
      return { severity: 'warning', path: '/memblock/oops2', address: at };
    },
  ],
  [
    'reserve-mem-partial-page',
    (hand) => ({
      severity: 'warning',
      path: '/memblock/rest',
      address: hand.value('memblock', ['rest'], 'size'),
      erratum: 'B13',
    }),
    { text: 'init kernel\nmemblock rest 0x60000000 0x10800\n' },
  ],
  [
    'reserve-mem-alignment',
    (hand) => {
      const at = hand.value('memblock', ['trace'], 'start');
      hand.u64(at, 0x4000_0800n);
      return { severity: 'warning', path: '/memblock/trace', address: at, says: "region 'trace'" };
    },
  ],
  [
    'reserve-mem-empty',
    (hand) => {
      hand.u64(hand.value('memblock', ['trace'], 'size'), 0);
      return { severity: 'warning', path: '/memblock/trace', says: "region 'trace': the size is 0" };
    },
  ],
  [
    'reserve-mem-empty',
    (hand) => {
      hand.u64(hand.value('memblock', ['trace'], 'start'), 0);
      return { severity: 'warning', path: '/memblock/trace', says: 'the start is 0' };
    },
  ],
  [
    'reserve-mem-range',
    (hand) => {
      const at = hand.value('memblock', ['trace'], 'start');
      hand.u64(at, 0xffff_ffff_ffff_f000n);
      return { severity: 'warning', path: '/memblock/trace', address: at };
    },
  ],
  [
    'reserve-mem-overlap',
    (hand) => {
      const at = hand.value('memblock', ['oops2'], 'start');
      hand.u64(at, 0x4000_0000n);
      return {
        severity: 'error',
        path: '/memblock/oops2',
        address: at,
        says: "region 'oops2': it shares memory with region 'trace'",
      };
    },
  ],
  [
    'reserve-mem-in-scratch',
    (hand) => ({
      severity: 'error',
      path: '/memblock/oops2',
      address: hand.value('memblock', ['oops2'], 'start'),
      says: 'scratch area 1',
      more: {
        scratch: {
          areas: [
            { address: 0x6000_0000n, size: 0x1000_0000n },
            { address: 0x4c00_0000n, size: 0x400_0001n },
          ],
          input: 2,
        },
      },
    }),
  ],
  [
    'reserve-mem-not-preserved',
    (hand) => {
      const at = hand.value('memblock', ['oops2'], 'start');
      hand.u64(at, 0x7000_0000n);
      return { severity: 'error', path: '/memblock/oops2', address: at, erratum: 'B14' };
    },
  ],
  [
    'reserve-mem-not-preserved',
    (hand) => {
      hand.u64(hand.value('memblock', ['oops2'], 'size'), 0x20000);
      return { severity: 'error', path: '/memblock/oops2', erratum: 'B13', says: 'only a part' };
    },
  ],
  [
    'reserve-mem-name',
    (hand) => {
      hand.replace('memblock', 'oops2\0', 'trace\0');
      return { severity: 'warning', path: '/memblock/trace', says: 'a second region' };
    },
  ],
  [
    'reserve-mem-name',
    (hand) => {
      regions(hand, [['abcdefghijklmnop', 0x4000_0000, 0x10000]]);
      return { severity: 'warning', path: '/memblock/abcdefghijklmnop', says: '16 characters' };
    },
  ],
  [
    'reserve-mem-count',
    (hand) => {
      regions(
        hand,
        Array.from({ length: 9 }, (_, n) => [`r${n}`, 0x4000_0000, 0x10000] as const),
      );
      return { severity: 'warning', path: '/memblock' };
    },
  ],
];
