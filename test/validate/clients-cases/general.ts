/** One change for each rule of all clients. */
import { AT, type Case, FILE, V1 } from './case.js';

export const GENERAL_CASES: Case[] = [
  [
    'client-blob-not-preserved',
    (hand) => {
      hand.unpreserve(hand.luo);
      return { severity: 'error', path: '/LUO', address: hand.luo, erratum: 'B14' };
    },
  ],
  [
    'client-blob-not-preserved',
    (hand) => {
      // The driver is a subtree that nobody knows.
      hand.unpreserve(hand.blob('driver'));
      return { severity: 'error', path: '/driver', address: hand.blob('driver') };
    },
  ],
  [
    'client-not-preserved',
    (hand) => {
      hand.unpreserve(hand.sessions);
      return { severity: 'error', path: '/LUO/sessions', address: hand.sessions, erratum: 'B14' };
    },
  ],
  [
    'client-not-preserved',
    (hand) => {
      hand.unpreserve(hand.files(0));
      return {
        severity: 'error',
        path: '/LUO/sessions/0/files',
        address: hand.files(0),
        says: "session 'vm-1': files block",
      };
    },
  ],
  [
    'client-not-preserved',
    (hand) => {
      hand.unpreserve(hand.memfd(0, 0));
      return { severity: 'error', path: AT, address: hand.memfd(0, 0), says: `${FILE}: memfd structure` };
    },
  ],
  [
    'client-not-preserved',
    (hand) => {
      hand.unpreserve(hand.flbs);
      return { severity: 'error', path: '/LUO/flbs', address: hand.flbs };
    },
  ],
  [
    'client-not-preserved',
    (hand) => {
      // The block of sessions of luo-v1 has 16 pages: one order-4 folio. Its first half is preserved alone.
      const block = hand.at(hand.value('LUO', ['luo-session'], 'luo-session-header'));
      hand.unpreserve(block, 4);
      hand.made.producer.preserveFolio(Number(block / hand.page), 3);
      return { severity: 'error', path: '/LUO/sessions', address: block, says: 'only a part' };
    },
    V1,
  ],
  [
    'client-not-in-dump',
    (hand) => {
      hand.u64(hand.luo + 16n, 0x7_0000_0000n);
      return { severity: 'error', path: '/LUO/sessions', address: 0x7_0000_0000n };
    },
  ],
  [
    'client-not-in-dump',
    (hand) => {
      // Preserved, but left out of the dump.
      const at = hand.memfd(0, 0);
      hand.hidden.add(at);
      return { severity: 'warning', path: AT, address: at, says: FILE };
    },
  ],
  [
    'client-address-zero',
    (hand) => {
      hand.u64(hand.luo + 24n, 0);
      return { severity: 'error', path: '/LUO/flbs', address: 0n };
    },
  ],
  [
    'client-address-zero',
    (hand) => {
      hand.u64(hand.file(0, 0) + 48n, 0);
      return { severity: 'error', path: AT, address: 0n, says: FILE };
    },
  ],
  [
    'client-address-misaligned',
    (hand) => {
      const { sessions } = hand;
      hand.u64(hand.luo + 16n, sessions + 8n);
      return { severity: 'error', path: '/LUO/sessions', address: sessions + 8n };
    },
  ],
  [
    'client-address-range',
    (hand) => {
      hand.setRoot('LUO', 'preserved-data', 0xffff_ffff_ffff_fff8n);
      return { severity: 'error', path: '/LUO', address: 0xffff_ffff_ffff_fff8n };
    },
  ],
  [
    'client-reached-twice',
    (hand) => {
      hand.u64(hand.sessions, hand.sessions);
      return { severity: 'error', path: '/LUO/sessions', address: hand.sessions };
    },
  ],
  [
    'client-reached-twice',
    (hand) => {
      // Two sessions with one block of files.
      const files = hand.files(0);
      hand.u64(hand.session(1) + 64n, files);
      return { severity: 'error', path: '/LUO/sessions/1/files', address: files, says: "session 'vm-2'" };
    },
  ],
  [
    'client-tree',
    (hand) => {
      hand.bytes(hand.blob('memblock') + 8n, Uint8Array.of(255, 255, 255, 255));
      return { severity: 'warning', path: '/memblock', address: hand.blob('memblock') };
    },
  ],
  [
    'client-tree',
    (hand) => {
      hand.bytes(hand.blob('kho_test') + 8n, Uint8Array.of(255, 255, 255, 255));
      return { severity: 'error', path: '/kho_test' };
    },
  ],
  [
    'client-node-missing',
    (hand) => {
      hand.replace('LUO', 'luo-session\0', 'luo-sessios\0');
      return { severity: 'error', path: '/LUO/luo-session' };
    },
    V1,
  ],
  [
    'client-node-missing',
    (hand) => {
      hand.replace('kho_test', '\x01data\0', '\x01dato\0');
      return { severity: 'error', path: '/kho_test/data' };
    },
  ],
  [
    'client-property',
    (hand) => {
      hand.replace('memblock', 'start\0', 'stort\0');
      return { severity: 'warning', path: '/memblock/trace/start' };
    },
  ],
  [
    'client-property',
    (hand) => {
      hand.replace('kho_test', 'nr_folios\0', 'nr_folioz\0');
      return { severity: 'error', path: '/kho_test/data/nr_folios' };
    },
  ],
  [
    'client-property',
    (hand) => {
      // Length 4 in the word before the value's: 8 bytes became 4.
      const at = hand.value('memblock', ['trace'], 'size');
      hand.bytes(at - 8n, Uint8Array.of(0, 0, 0, 4));
      hand.bytes(at + 4n, Uint8Array.of(0, 0, 0, 4));
      return { severity: 'warning', path: '/memblock/trace/size', address: at, says: '4 bytes instead of 8' };
    },
  ],
  [
    'client-string-unterminated',
    (hand) => {
      const at = hand.replace('memblock', 'memblock-v1\0', 'memblock-v1x');
      return { severity: 'warning', path: '/memblock/compatible', address: at };
    },
  ],
  [
    'client-blob-size-small',
    (hand) => {
      hand.setRoot('memblock', 'blob-size', 100);
      return { severity: 'warning', path: '/memblock', address: hand.blob('memblock') };
    },
  ],
  [
    'client-blob-size-small',
    (hand) => {
      // The rules of vmalloc areas read the tree again.
      hand.setRoot('kho_test', 'blob-size', 239);
      return { severity: 'warning', path: '/kho_test', address: hand.blob('kho_test') };
    },
  ],
  [
    'client-blob-size-large',
    (hand) => {
      hand.setRoot('kexec-metadata', 'blob-size', 74);
      return { severity: 'note', path: '/kexec-metadata', address: hand.blob('kexec-metadata') };
    },
  ],
  [
    'client-blob-size-large',
    (hand) => {
      hand.setRoot('LUO', 'blob-size', 33);
      return { severity: 'note', path: '/LUO', address: hand.luo };
    },
  ],
  [
    'client-blob-size-large',
    (hand) => {
      hand.setRoot('memblock', 'blob-size', 1000);
      return { severity: 'note', path: '/memblock', address: hand.blob('memblock') };
    },
  ],
  [
    'client-no-reader',
    () => ({ severity: 'note', path: '/kexec-metadata' }),
    {
      abi: 'kho-v2',
      text: 'init kernel\npage 0x12345 0\nsubtree kexec-metadata alloc 73\n',
    },
  ],
  [
    'client-area-unread',
    (hand) => {
      const at = hand.memfd(0, 0) + 32n;
      hand.u64(at, hand.at(at) + 8n);
      return { severity: 'note', path: `${AT}/folios`, says: FILE };
    },
  ],
  [
    'client-limit',
    (hand) => {
      // totalsize of 16 MiB
      hand.bytes(hand.blob('memblock') + 4n, Uint8Array.of(1, 0, 0, 0));
      return { severity: 'note', path: '/memblock', address: hand.blob('memblock') };
    },
  ],
];
