import type { Severity, ValidationSubject } from '../../../src/validate/index.js';
import type { Hand } from '../clients-support.js';

/** Where a finding must stand and how bad it is; a part of the message where it names somebody. */
export interface Expected {
  readonly severity: Severity;
  readonly path: string;
  readonly address?: bigint;
  readonly says?: string;
  readonly erratum?: string;
}

/** What is encoded: kho-v4 and all clients unless told. */
export interface Options {
  readonly abi?: string;
  readonly text?: string;
}

/** A rule, the one change that breaks it, and what is then expected. */
export type Case = readonly [
  rule: string,
  change: (hand: Hand) => Expected & { more?: Partial<ValidationSubject> },
  options?: Options,
];

/** The first file of the first session: how messages call it, and its path. */
export const FILE = "session 'vm-1', file 0 ('memfd-v2', token 0xa1)";
export const AT = '/LUO/sessions/0/files/0';

/** A handover whose LUO is a device tree. */
export const V1: Options = { abi: 'kho-v3', text: 'init kernel\npage 0x12345 0\nluo session vm-1\n' };
