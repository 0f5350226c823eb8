/** What the kernels themselves said during a capture, as plain data: the truth that a reader of the dump is checked against. */
import { guestFiles, guestLines, guestPages, guestVerdicts, kernelTrouble, kernelWalk } from './serial.mjs';

/** Messages of the second kernel that tell what became of the handover. */
const TELLING =
  /^(?:KHO: |luo: |test_kho: |liveupdate test: .*(?:found|finish|ERROR)|Revived memory reservation |KHO reserve-mem |FDT ')/;

/** setup_data node of x86 that announces a handover. */
const SETUP_KEXEC_KHO = 10;

/**
 * @param {{time?: number, text: string}[][]} boots console lines of the two kernels
 * @returns facts for kernel.json, files of debugfs by path, and what went wrong
 */
export function kernelFacts([first, second]) {
  const before = guestLines(first);
  const after = guestLines(second);
  const said = /^boot second release=(\S+) page-size=(0x[0-9a-f]+)$/;
  const boot = after.map((line) => said.exec(line)).find((match) => match !== null);
  if (!boot) throw new Error('the second kernel did not come to its program');
  const out = guestFiles(before);
  const files = guestFiles(after);
  const verdicts = guestVerdicts(after);
  return {
    facts: {
      release: boot[1],
      pageSize: Number(boot[2]),
      announced: announced(files),
      walk: kernelWalk(second).map((block) => block.join(' ')),
      memfdPages: guestPages(before).map(({ session, token, index, pfn, count }) =>
        [session, token, index, pfn, count].join(' '),
      ),
      verdicts: verdicts.map(
        ({ what, ok, numbers }) => `${what} ${ok ? 'ok' : 'FAIL'}${numbers ? ` ${numbers}` : ''}`,
      ),
      log: second.map(({ text }) => text).filter((text) => TELLING.test(text)),
    },
    out,
    files,
    trouble: [
      ...[...kernelTrouble(first), ...kernelTrouble(second)],
      ...[...guestVerdicts(before), ...verdicts]
        .filter(({ ok }) => !ok)
        .map(({ what, numbers }) => `${what} failed: ${numbers}`),
      ...(after.includes('power-off') ? [] : ['the second kernel did not switch the machine off']),
    ],
  };
}

/** Addresses and sizes of root FDT and scratch array, as the boot protocol handed them to the second kernel. */
export function announced(files) {
  const chosen = ['chosen/linux,kho-fdt', 'chosen/linux,kho-scratch'].map((name) => files.get(name));
  if (chosen.every((value) => value?.length === 16))
    return shape(chosen.flatMap((value) => [value.readBigUInt64BE(0), value.readBigUInt64BE(8)]));
  for (const [name, value] of files) {
    if (
      !/^setup_data\/\d+\/type$/.test(name) ||
      Number.parseInt(value.toString('latin1'), 16) !== SETUP_KEXEC_KHO
    )
      continue;
    const data = files.get(name.replace(/type$/, 'data'));
    if (data?.length === 32) return shape([0, 8, 16, 24].map((offset) => data.readBigUInt64LE(offset)));
  }
  throw new Error('the boot protocol told the second kernel of no handover');
}

function shape(values) {
  const [fdt, fdtSize, scratch, scratchSize] = values.map((value) => `0x${value.toString(16)}`);
  return { fdt, fdtSize, scratch, scratchSize };
}
