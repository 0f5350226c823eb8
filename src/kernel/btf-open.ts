import { basename, dirname } from 'node:path';
import { KhoError, readWholeFile } from '../bytes/index.js';
import { FileSource } from '../memory/index.js';
import { splitBtf } from './btf-header.js';
import { BtfLayouts } from './btf-layouts.js';
import { BtfTypes } from './btf-types.js';
import { isElf, openElfObject } from './elf-sections.js';

/** Raw BTF is read whole; that of a kernel has some six megabytes. */
const MAX_RAW = 1 << 28;
/** Where a running kernel shows its BTF and that of its modules. */
const SYSFS = '/sys/kernel/btf';

/** The types of a file: raw BTF, an ELF file with a .BTF section, or /sys/kernel/btf/vmlinux. */
export interface OpenedBtf {
  readonly layouts: BtfLayouts;
  /** e_machine of an ELF file; raw BTF does not say. */
  readonly machine?: number;
}

/**
 * Opens BTF by its content. Of an ELF file, only the section headers and the section are read.
 *
 * @throws KhoError `E_IO`, `E_ELF`, `E_BTF`, `E_WRONG_KIND`, also for an ELF file without BTF
 */
export function openBtf(path: string): OpenedBtf {
  if (dirname(path) === SYSFS && basename(path) !== 'vmlinux') throw splitBtf(path);
  const file = new FileSource(path);
  try {
    if (!isElf(file.readAt(0, Math.min(4, file.size)))) {
      return { layouts: new BtfLayouts(new BtfTypes(readWholeFile(path, MAX_RAW), path)) };
    }
    const object = openElfObject(file);
    // The types of a module come with a digest of its base.
    if (object.section('.BTF.base') !== undefined) throw splitBtf(path);
    const section = object.section('.BTF');
    if (section === undefined) {
      throw new KhoError('E_WRONG_KIND', 'there is no BTF in this file', {
        source: path,
        expected: 'a section .BTF',
        hint: 'the kernel was built without CONFIG_DEBUG_INFO_BTF; pahole -J FILE makes BTF from debug information, and kho-abi tree reads the sources',
      });
    }
    const types = new BtfTypes(section.bytes(), path);
    return { layouts: new BtfLayouts(types, object.wide ? 8 : 4), machine: object.machine };
  } finally {
    file.close();
  }
}
