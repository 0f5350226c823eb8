import { InvalidArgumentError, Option } from 'commander';
import { PAGE_SHIFTS, type PageShift, pageSizeName, parseByteOrder, parsePageSize } from '../abi/index.js';
import { type ByteOrder, KhoError, parseU64 } from '../bytes/index.js';

/** Options that several commands share, spelled and explained once. */
export const options = {
  abi: () => new Option('--abi <ID>', 'ABI instead of the one that the bytes name (see: kho-abi abi list)'),
  byteOrder: () => new Option('--byte-order <ORDER>', 'little or big').argParser(argument(parseByteOrder)),
  pageSize: () =>
    new Option('--page-size <SIZE>', PAGE_SHIFTS.map(pageSizeName).join(', ')).argParser(
      argument(parsePageSize),
    ),
  memory: () => new Option('--memory <DUMP>', 'ELF core, kho-abi hexdump, raw memory, or gzip of these'),
  base: () =>
    new Option('--base <PHYS>', 'physical address of the first byte of a raw dump').argParser(
      argument(parseAddress),
    ),
  fdtAddress: () =>
    new Option('--fdt-address <PHYS>', 'physical address of the root FDT').argParser(argument(parseAddress)),
  markdown: () => new Option('--markdown', 'print Markdown, fit for a mail or a comment'),
  json: () => new Option('--json', 'print JSON (schema: abi/schema/)'),
};

/** What the shared options give. */
export interface DumpOptions {
  readonly abi?: string;
  readonly byteOrder?: ByteOrder;
  readonly pageSize?: PageShift;
  readonly memory?: string;
  readonly base?: bigint;
  readonly fdtAddress?: bigint;
}

/** A number as in C, for addresses. */
export function parseAddress(text: string): bigint {
  const value = parseU64(text);
  if (value === undefined)
    throw new KhoError('E_USAGE', 'not an address', { found: text, expected: '0x… or decimal' });
  return value;
}

/** Lets commander report a bad value with the option's name. */
function argument<Value>(parse: (text: string) => Value): (text: string) => Value {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw error instanceof KhoError ? new InvalidArgumentError(error.message) : error;
    }
  };
}

/** Writes to standard output. */
export function print(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

/** Prints data as indented JSON. */
export function printJson(data: unknown): void {
  print(JSON.stringify(data, undefined, 2));
}
