import { printable } from '../bytes/index.js';

/** Lengths that debugfs freezes: after boot without subtrees (6.19, 7.0), and with kexec-metadata only (7.1 on). */
export const FROZEN_SIZES: readonly number[] = [152, 233];

const BEGIN_NODE = 1;
const END_NODE = 2;
const PROP = 3;
const NOP = 4;

/**
 * What can still be read of a root FDT whose end is missing: its version and the names of its first subtrees. The names of properties
 * are gone with the strings block. Undefined when it does not look like a KHO root.
 */
export function cutOffText(bytes: Uint8Array): string | undefined {
  if (bytes.length < 56) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const names: string[] = [];
  let version: string | undefined;
  let depth = 0;
  let at = view.getUint32(8);
  // Each step moves on by at least one word.
  while (at >= 40 && at + 4 <= bytes.length) {
    const tag = view.getUint32(at);
    at += 4;
    if (tag === BEGIN_NODE) {
      const end = bytes.indexOf(0, at);
      const name = Buffer.from(bytes.subarray(at, end < 0 ? bytes.length : end)).toString('latin1');
      if (depth === 1) names.push(end < 0 ? `${name}…` : name);
      if (end < 0) break;
      depth++;
      at = (end + 4) & ~3;
    } else if (tag === PROP && at + 8 <= bytes.length) {
      const length = view.getUint32(at);
      const value = Buffer.from(bytes.subarray(at + 8, at + 8 + length)).toString('latin1');
      if (depth === 1 && version === undefined && value.startsWith('kho-v')) version = value.split('\0')[0]!;
      at += 8 + ((length + 3) & ~3);
    } else if (tag === END_NODE) depth--;
    else if (tag !== NOP) break;
  }
  if (version === undefined) return undefined;
  const list = names.map((name) => `'${printable(name)}'`).join(', ');
  return `version '${printable(version)}', subtrees ${list === '' ? 'none yet' : list}`;
}
