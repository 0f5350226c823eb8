/** What a capture's guest preserves, by name, and the kernel command lines for it. The text of /expect: guest/README.md. */
import { CONSOLE } from './machine.mjs';

export const WHAT = ['plain', 'luo', 'many'];

export const PAGE_BYTES = { '4K': 4096, '16K': 16384, '64K': 65536 };

/** Sizes in bytes of what LUO writes for a session and for a file: with more than fit in a page it chains a second block. */
const SESSION_BYTES = 80;
const FILE_BYTES = 64;

/** @returns text of /expect. `plain` has no session; `many` needs more than one block of sessions and of files. */
export function expectText(what, pageSize) {
  const page = PAGE_BYTES[pageSize];
  const lines = ['# kho-abi expect 1'];
  if (what !== 'plain') {
    lines.push(
      'session vm-alpha',
      `file 0x1 size=${5 * page + 0x123} pos=0x321 seals=0xf fill=7`,
      `file 0x2 size=${2 * page} pos=0 seals=0 fill=9`,
      'finish',
      'session vm-beta',
      `file 0xfffffffffffffffe size=${9 * page} pos=${9 * page} seals=0 fill=0`,
      'finish',
      'session empty',
      'finish',
    );
  }
  if (what === 'many') {
    const files = Math.floor(page / FILE_BYTES) + 3;
    lines.push('session many-files');
    for (let file = 0; file < files; file++)
      lines.push(`file ${1000 + file} size=16 pos=0 seals=0 fill=${file + 1}`);
    lines.push('finish');
    const sessions = Math.floor(page / SESSION_BYTES) + 3;
    for (let session = 0; session < sessions; session++)
      lines.push(`session many-${String(session).padStart(4, '0')}`, 'finish');
  }
  return `${lines.join('\n')}\n`;
}

/** Bytes that the kernel's self-test preserves: with sessions only few, so that their content can stay in the capture. */
export function selfTestBytes(what, pageSize) {
  return what === 'plain' ? 8 << 20 : Math.max(32768, PAGE_BYTES[pageSize]);
}

/** Command lines of the first and of the second kernel. The second one prints every block that it reserves. */
export function commandLines(arch, what, pageSize, more = []) {
  const both = [
    ...CONSOLE[arch],
    'printk.devkmsg=on',
    'panic=-1',
    'kho=on',
    'liveupdate=on',
    'reserve_mem=1M:4096:n1',
    'reserve_mem=2M:2M:trace',
    ...more,
  ];
  const next = [...both, 'memblock=debug'];
  return {
    first: [
      ...both,
      'kho_abi.mode=capture',
      `test_kho.max_mem=${selfTestBytes(what, pageSize)}`,
      `kho_abi.next=${next.join(';')}`,
    ].join(' '),
    next: next.join(' '),
  };
}
