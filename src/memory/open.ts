import { guessKind, KhoError } from '../bytes/index.js';
import { type ByteSource, FileSource } from './byte-source.js';
import { ElfMemory } from './elf-reader.js';
import { gunzipSource } from './gunzip.js';
import { isHexdump, readHexdump } from './hexdump.js';
import type { PhysicalMemory } from './physical.js';
import { RawMemory } from './raw.js';

/** A dump that holds a file open. */
export interface OpenMemory {
  readonly memory: PhysicalMemory;
  /** What the file is: `ELF core`, `raw memory`, `hexdump`; with `gzip of` before it. */
  readonly kind: string;
  close(): void;
}

/** What a dump does not say by itself. */
export interface OpenOptions {
  /** Physical address of the first byte of a raw file; other kinds carry their addresses. */
  readonly base?: bigint;
}

/** Text is held whole while it is read. */
const HEXDUMP_LIMIT = 256 * 1024 * 1024;

/**
 * Opens a memory dump by its content, not by its name: ELF core, raw memory (with `base`), canonical hexdump, or gzip of these.
 *
 * @throws KhoError `E_WRONG_KIND` when the bytes are something else, and the errors of the formats.
 */
export async function openMemory(path: string, options: OpenOptions = {}): Promise<OpenMemory> {
  let file: ByteSource = new FileSource(path);
  let prefix = '';
  try {
    if (startsWith(file, [0x1f, 0x8b])) {
      file.close();
      file = await gunzipSource(path);
      prefix = 'gzip of ';
    }
    const { memory, kind } = interpret(file, options);
    return { memory, kind: prefix + kind, close: () => file.close() };
  } catch (error) {
    file.close();
    throw error;
  }
}

function interpret(file: ByteSource, options: OpenOptions): { memory: PhysicalMemory; kind: string } {
  const head = file.readAt(0, Math.min(512, file.size));
  const elf = startsWith(file, [0x7f, 0x45, 0x4c, 0x46]);
  const text = isHexdump(head);
  if (options.base !== undefined) {
    if (elf || text) {
      throw new KhoError('E_USAGE', 'a base address is for raw memory only', {
        source: file.name,
        found: elf ? 'an ELF file' : 'a hexdump',
        hint: 'this file carries its own addresses',
      });
    }
    return { memory: new RawMemory(file, options.base), kind: 'raw memory' };
  }
  if (elf) return { memory: new ElfMemory(file), kind: 'ELF core' };
  if (text) {
    if (file.size > HEXDUMP_LIMIT) throw new KhoError('E_LIMIT', 'hexdump too large', { source: file.name });
    const lines = Buffer.from(file.readAt(0, file.size)).toString('latin1');
    return { memory: readHexdump(lines, file.name), kind: 'hexdump' };
  }
  const kind = guessKind(head);
  throw new KhoError('E_WRONG_KIND', 'not a memory dump', {
    source: file.name,
    ...(kind === undefined ? {} : { found: kind }),
    expected: 'an ELF core file, a kho-abi hexdump, or gzip of these',
    hint: 'raw memory needs the physical address of its first byte (--base)',
  });
}

function startsWith(file: ByteSource, magic: readonly number[]): boolean {
  if (file.size < magic.length) return false;
  const bytes = file.readAt(0, magic.length);
  return magic.every((byte, index) => bytes[index] === byte);
}
