/** One change for each rule of memfds. */
import { AT, type Case, FILE } from './case.js';

export const MEMFD_CASES: Case[] = [
  [
    'memfd-version',
    (hand) => {
      hand.text(hand.file(0, 0), 'memfd-v9', 48);
      return { severity: 'error', path: AT, address: hand.file(0, 0), says: "'memfd-v9', token 0xa1" };
    },
  ],
  [
    'memfd-version',
    (hand) => {
      hand.text(hand.file(0, 0), 'memfd-v1', 48);
      return { severity: 'error', path: AT, address: hand.file(0, 0), says: 'this is memfd-v1' };
    },
  ],
  [
    'memfd-seals',
    (hand) => {
      hand.u32(hand.memfd(0, 0) + 16n, 0x40);
      return { severity: 'error', path: AT, address: hand.memfd(0, 0) + 16n, says: FILE };
    },
  ],
  [
    'memfd-flags',
    (hand) => {
      hand.u32(hand.memfd(0, 0) + 20n, 1);
      return { severity: 'note', path: AT, address: hand.memfd(0, 0) + 20n };
    },
  ],
  [
    'memfd-list-overflow',
    (hand) => {
      // One page of 16-byte entries.
      hand.u64(hand.memfd(0, 0) + 24n, hand.page / 16n + 1n);
      return { severity: 'error', path: AT, address: hand.memfd(0, 0) + 24n, erratum: 'B34', says: FILE };
    },
  ],
  [
    'memfd-entry-pfn-zero',
    (hand) => {
      hand.setFolio(hand.folio(0, 0, 1), 0n);
      return { severity: 'note', path: `${AT}/folios`, address: hand.folio(0, 0, 1) };
    },
  ],
  [
    'memfd-entry-range',
    (hand) => {
      hand.u64(hand.folio(0, 0, 1) + 8n, 1n << 63n);
      return { severity: 'error', path: `${AT}/folios`, address: hand.folio(0, 0, 1) };
    },
  ],
  [
    'memfd-index-order',
    (hand) => {
      hand.u64(hand.folio(0, 0, 0) + 8n, 9);
      return { severity: 'warning', path: `${AT}/folios`, address: hand.folio(0, 0, 1) };
    },
  ],
  [
    'memfd-index-beyond',
    (hand) => {
      hand.u64(hand.memfd(0, 0) + 8n, hand.page);
      return { severity: 'warning', path: `${AT}/folios`, address: hand.folio(0, 0, 1) };
    },
  ],
  [
    'memfd-index-overlap',
    (hand) => {
      hand.u64(hand.folio(0, 0, 1) + 8n, 0);
      return { severity: 'error', path: `${AT}/folios`, says: `${FILE}: two folios are for page 0` };
    },
  ],
  [
    'memfd-index-overlap',
    (hand) => {
      // The folio at index 2 has two pages; the next one then is for page 3 and not 4.
      hand.u64(hand.folio(0, 0, 3) + 8n, 3);
      return { severity: 'error', path: `${AT}/folios`, address: hand.folio(0, 0, 3), says: 'page 3' };
    },
  ],
  [
    'memfd-folio-not-preserved',
    (hand) => {
      hand.unpreserve(hand.pfn(0x2001));
      return {
        severity: 'error',
        path: `${AT}/folios`,
        address: hand.folio(0, 0, 1),
        erratum: 'B14',
        says: `${FILE}: the folio at PFN 0x2001 for page 1`,
      };
    },
  ],
  [
    'memfd-folio-order',
    (hand) => {
      hand.setFolio(hand.folio(0, 0, 2), 0x2009n);
      return { severity: 'error', path: `${AT}/folios`, address: hand.folio(0, 0, 2), says: 'PFN 0x2009' };
    },
  ],
  [
    'memfd-folio-order',
    (hand) => {
      // Two folios of order 0 became one block of order 1.
      hand.unpreserve(hand.pfn(0x2000));
      hand.unpreserve(hand.pfn(0x2001));
      hand.made.producer.preserveFolio(0x2000, 1);
      return { severity: 'error', path: `${AT}/folios`, address: hand.folio(0, 0, 1), says: 'PFN 0x2001' };
    },
  ],
  [
    'memfd-folio-overlap',
    (hand) => {
      hand.setFolio(hand.folio(1, 0, 0), 0x3000n);
      return {
        severity: 'error',
        path: '/LUO/sessions/1/files/0/folios',
        address: hand.folio(1, 0, 0),
        says: "session 'vm-2', file 0 ('memfd-v2', token 0xb1): the folio at PFN 0x3000 shares memory with session 'vm-1', file 1",
      };
    },
  ],
  [
    'memfd-position',
    (hand) => {
      hand.u64(hand.memfd(0, 0), 0x100001);
      return { severity: 'note', path: AT, address: hand.memfd(0, 0), says: FILE };
    },
  ],
  [
    'memfd-folio-flags',
    (hand) => {
      hand.setFolio(hand.folio(0, 0, 0), 0x2000n, 1n);
      return { severity: 'note', path: `${AT}/folios`, address: hand.folio(0, 0, 0), says: FILE };
    },
  ],
];
