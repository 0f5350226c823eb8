/** One change for each rule of LUO. */
import { AT, type Case, V1 } from './case.js';

export const LUO_CASES: Case[] = [
  [
    'luo-version',
    (hand) => {
      hand.text(hand.luo, 'luo-v6', 8);
      return { severity: 'error', path: '/LUO', address: hand.luo };
    },
  ],
  [
    'luo-version',
    (hand) => {
      hand.text(hand.luo, 'luo-v4', 8);
      return { severity: 'error', path: '/LUO', address: hand.luo, says: 'this is luo-v4' };
    },
  ],
  [
    'luo-too-small',
    (hand) => {
      hand.setRoot('LUO', 'blob-size', 31);
      return { severity: 'error', path: '/LUO', address: hand.luo };
    },
  ],
  [
    'luo-node-version',
    (hand) => {
      const at = hand.replace('LUO', 'luo-session-v2', 'luo-session-v1');
      return { severity: 'error', path: '/LUO/luo-session', address: at };
    },
    V1,
  ],
  [
    'luo-flb-node-absent',
    () => ({ severity: 'warning', path: '/LUO/luo-flb', erratum: 'B8' }),
    {
      abi: 'kho-v1-6.19',
      text: 'init kernel\npage 0x12345 0\nluo\nfinalize\n',
    },
  ],
  [
    'luo-flb-node-absent',
    (hand) => {
      // No kernel that takes kho-v3 reads a blob without the node.
      hand.replace('LUO', 'luo-flb\0', 'luo-flx\0');
      return { severity: 'error', path: '/LUO/luo-flb', erratum: 'B8' };
    },
    V1,
  ],
  [
    'luo-sessions-zero',
    (hand) => {
      hand.u64(hand.luo + 16n, 0);
      return { severity: 'warning', path: '/LUO/sessions', address: hand.luo + 16n, says: "FLB 'iommu'" };
    },
  ],
  [
    'luo-number-zero',
    (hand) => {
      hand.u64(hand.luo + 8n, 0);
      return { severity: 'note', path: '/LUO', address: hand.luo + 8n };
    },
  ],
  [
    'luo-text-unterminated',
    (hand) => {
      hand.text(hand.session(0), 'x'.repeat(64), 64);
      return { severity: 'error', path: '/LUO/sessions/0', address: hand.session(0) };
    },
  ],
  [
    'luo-text-unterminated',
    (hand) => {
      hand.text(hand.file(0, 0), 'x'.repeat(48), 48);
      return { severity: 'error', path: AT, address: hand.file(0, 0) };
    },
  ],
  [
    'luo-text-unterminated',
    (hand) => {
      hand.text(hand.flbs + 16n, 'x'.repeat(48), 48);
      return { severity: 'error', path: '/LUO/flbs/0', address: hand.flbs + 16n };
    },
  ],
  [
    'luo-session-duplicate',
    (hand) => {
      hand.text(hand.session(1), 'vm-1', 64);
      return { severity: 'error', path: '/LUO/sessions/1', address: hand.session(1), says: "'vm-1'" };
    },
  ],
  [
    'luo-files-count',
    (hand) => {
      hand.u64(hand.session(0) + 72n, 3);
      return {
        severity: 'error',
        path: '/LUO/sessions/0/files',
        address: hand.session(0) + 72n,
        says: 'count is 3; the blocks hold 2',
      };
    },
  ],
  [
    'luo-files-null',
    (hand) => {
      hand.u64(hand.session(0) + 64n, 0);
      return {
        severity: 'warning',
        path: '/LUO/sessions/0/files',
        address: hand.session(0) + 72n,
        says: "session 'vm-1'",
      };
    },
  ],
  [
    'luo-handler-unknown',
    (hand) => {
      hand.text(hand.file(0, 0), 'vfio-pci-v1', 48);
      return { severity: 'warning', path: AT, address: hand.file(0, 0), says: "('vfio-pci-v1', token 0xa1)" };
    },
  ],
  [
    'luo-token-duplicate',
    (hand) => {
      hand.u64(hand.file(0, 1) + 56n, 0xa1);
      return {
        severity: 'warning',
        path: '/LUO/sessions/0/files/1',
        address: hand.file(0, 1) + 56n,
        says: "session 'vm-1', file 1",
      };
    },
  ],
  [
    'luo-array-overflow',
    (hand) => {
      // (page size - 16) / 64 entries fit.
      hand.u64(hand.flbs + 8n, hand.page / 64n);
      return { severity: 'error', path: '/LUO/flbs', address: hand.flbs, erratum: 'B34' };
    },
  ],
  [
    'luo-array-overflow',
    (hand) => {
      // 16 pages less 8 bytes, entries of 80 bytes: 819 of 4K.
      const block = hand.at(hand.value('LUO', ['luo-session'], 'luo-session-header'));
      hand.u64(block, (16n * hand.page - 8n) / 80n + 1n);
      return { severity: 'error', path: '/LUO/sessions', address: block, erratum: 'B34' };
    },
    V1,
  ],
  [
    'luo-block-count',
    (hand) => {
      hand.u64(hand.sessions + 8n, 0);
      return { severity: 'error', path: '/LUO/sessions', address: hand.sessions + 8n };
    },
  ],
  [
    'luo-block-count',
    (hand) => {
      // (page size - 16) / 80 sessions fit.
      hand.u64(hand.sessions + 8n, (hand.page - 16n) / 80n + 1n);
      return { severity: 'error', path: '/LUO/sessions', address: hand.sessions + 8n };
    },
  ],
  [
    'luo-block-count',
    (hand) => {
      const files = hand.files(0);
      hand.u64(files + 8n, 1n << 63n);
      return {
        severity: 'error',
        path: '/LUO/sessions/0/files',
        address: files + 8n,
        says: "session 'vm-1'",
      };
    },
  ],
  [
    'luo-block-empty-last',
    (hand) => {
      hand.u64(hand.sessions, hand.blob('driver'));
      return { severity: 'error', path: '/LUO/sessions', address: hand.blob('driver') + 8n, erratum: 'B9' };
    },
  ],
  [
    'luo-block-short',
    (hand) => {
      const next = hand.blob('driver');
      hand.u64(next + 8n, 1);
      hand.text(next + 16n, 'vm-3', 64);
      hand.u64(hand.sessions, next);
      return { severity: 'note', path: '/LUO/sessions', address: hand.sessions };
    },
  ],
  [
    'luo-flb-duplicate',
    (hand) => {
      hand.text(hand.flbs + 16n + 64n, 'iommu', 48);
      return { severity: 'warning', path: '/LUO/flbs/1', address: hand.flbs + 80n, says: "'iommu'" };
    },
  ],
  [
    'luo-flb-pages',
    (hand) => {
      hand.u64(hand.flbs, 2);
      return { severity: 'warning', path: '/LUO/flbs', address: hand.flbs };
    },
  ],
];
