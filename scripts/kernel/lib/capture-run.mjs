/** The machine's part of a capture: two kernels, and the dump between them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { guestInit, guestInitramfs } from './guest.mjs';
import { accelerator, emulatorVersion, Machine, machineWords } from './machine.mjs';
import { commandLines, expectText } from './plan.mjs';
import { consoleLines, splitBoots } from './serial.mjs';

/** The next kernel's first line, behind the guest's last one. */
const NEXT = /KHOABI: kexec ok[\s\S]*(?:Booting Linux on physical CPU|Linux version )/;
const GAVE_UP = /KHOABI: power-off|Kernel panic/;

/**
 * @param wanted arch, pageSize, what, nodes, processors, memory (MiB), timeout (ms), kernel (see build.mjs) and a folder for the files of the run
 * @param {(text: string) => void} report is told what is being done
 * @returns path of the dump, console of both kernels, command lines, words for QEMU and its version
 */
export async function runCapture(
  { arch, pageSize, what, nodes, processors, memory, timeout, kernel, folder },
  report,
) {
  const expect = expectText(what, pageSize);
  const initrd = join(folder, 'initramfs.cpio');
  writeFileSync(initrd, guestInitramfs({ init: await guestInit(arch), expect, nextKernel: kernel.image }));
  const chosen = await accelerator(arch);
  const words = machineWords({ arch, memory, nodes, processors, accelerator: chosen });
  const lines = commandLines(arch, what, pageSize);
  const dump = join(folder, 'dump.elf');
  report(`first kernel boots (${chosen})`);
  const machine = new Machine({
    arch,
    words,
    kernel: kernel.image,
    initrd,
    commandLine: lines.first,
    folder,
  });
  try {
    const qmp = await machine.qmp();
    const arrived = await machine.until((text) => NEXT.test(text) || GAVE_UP.test(text), timeout);
    await qmp.run('stop');
    const stopped = machine.serial();
    if (!arrived || !NEXT.test(stopped))
      throw new Error(`the guest did not call kexec: ${machine.lastLine()}`);
    report('dumping memory');
    await qmp.run('dump-guest-memory', { paging: false, protocol: `file:${dump}` });
    report('second kernel boots and judges');
    await qmp.run('cont');
    qmp.close();
    await machine.end(timeout);
    const boots = splitBoots(consoleLines(machine.serial()));
    if (boots.length !== 2) throw new Error(`${boots.length} kernels said their first line, not 2`);
    return {
      dump,
      boots,
      console: machine.serial(),
      linesAtDump: splitBoots(consoleLines(stopped))[1]?.length ?? 0,
      expect,
      commandLines: lines,
      words,
      accelerator: chosen,
      emulator: await emulatorVersion(arch),
    };
  } finally {
    await machine.stop();
  }
}
