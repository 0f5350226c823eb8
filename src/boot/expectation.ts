import { hex } from '../bytes/index.js';

/** A memfd that the guest must get back. */
export interface ExpectedFile {
  readonly token: bigint;
  readonly size: bigint;
  readonly position: bigint;
  /** Undefined in formats without seals. */
  readonly seals: number | undefined;
  /** CRC-32 of the whole content; undefined when it is not known or too much to read. */
  readonly crc: number | undefined;
}

/** A session that the guest must get back, with its files in order. */
export interface ExpectedSession {
  readonly name: string;
  readonly files: readonly ExpectedFile[];
}

/** Memory that must still hold what the first kernel left there. */
export interface ExpectedMemory {
  readonly address: bigint;
  readonly bytes: bigint;
  readonly crc: number;
}

/** What the next kernel must give back: the guest's program checks sessions and memory, the console tells of the rest. */
export interface Expectation {
  readonly sessions: readonly ExpectedSession[];
  readonly memory: readonly ExpectedMemory[];
  /** Names of the memblock regions, in order. */
  readonly regions: readonly string[];
  /** What kexec-metadata says; undefined: there is none. */
  readonly metadata: { readonly release: string; readonly count: number } | undefined;
  /** Whether the self-test is there with all its folios and the right checksum, be it that of another machine. */
  readonly khoTest: boolean;
}

/** Nothing at all: what is expected of a cold boot. */
export const NOTHING_EXPECTED: Expectation = {
  sessions: [],
  memory: [],
  regions: [],
  metadata: undefined,
  khoTest: false,
};

/** Names that the line format and the kernel's interface can carry: visible ASCII without blanks, at most 63 characters. */
const PLAIN = /^[!-~]{1,63}$/;

/** The file `/expect` that the guest's program reads; see scripts/kernel/guest. Sessions with names that it cannot say are left out. */
export function expectationText({ sessions, memory }: Expectation): string {
  const lines = ['# kho-abi expect 1'];
  for (const { name, files } of sessions) {
    if (!PLAIN.test(name)) continue;
    lines.push(`session ${name}`);
    for (const { token, size, position, seals, crc } of files) {
      const words = [`file ${hex(token)}`, `size=${hex(size)}`, `pos=${hex(position)}`];
      if (seals !== undefined) words.push(`seals=${hex(seals)}`);
      if (crc !== undefined) words.push(`crc=${crcText(crc)}`);
      lines.push(words.join(' '));
    }
    lines.push('finish');
  }
  for (const { address, bytes, crc } of memory)
    lines.push(`memory ${hex(address)} size=${hex(bytes)} crc=${crcText(crc)}`);
  return `${lines.join('\n')}\n`;
}

function crcText(crc: number): string {
  return `0x${crc.toString(16).padStart(8, '0')}`;
}
