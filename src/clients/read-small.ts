import { clientAbisOf } from '../abi/index.js';
import { hex, printable } from '../bytes/index.js';
import type { ReadContext } from './context.js';
import type { Located, MemblockData, MetadataData } from './model.js';
import { firstOf, formatsOf, readTree } from './read-fdt.js';

/** What a reader of one component gives. */
export interface ReadResult<Data> {
  readonly format?: string | undefined;
  readonly version?: Located<string> | undefined;
  readonly data?: Data | undefined;
}

/** Reads kexec-metadata. Larger blobs are sound. Source: kernel/liveupdate/kexec_handover.c, Linux 7.1 to 7.3. */
export function readMetadata(
  context: ReadContext,
  address: bigint,
  size: bigint | undefined,
  path: string,
): ReadResult<MetadataData> {
  const abi = clientAbisOf('kexec-metadata').at(-1)!;
  const layout = abi.struct('kexec_metadata', context.target.pageShift);
  const length = size ?? BigInt(layout.size);
  if (length < 4n) {
    const receiver = [abi, 'too-small-for-version'] as const;
    context.problem('too-small', path, `the blob has ${length} bytes`, { address, receiver });
    return {};
  }
  const head = context.read(address, 4, 'the version', path);
  if (head === undefined) return {};
  const number = new DataView(head.buffer, head.byteOffset).getUint32(
    0,
    context.target.byteOrder === 'little',
  );
  const version = { value: `${number}`, address };
  const format = clientAbisOf('kexec-metadata', number)[0];
  if (format === undefined) {
    const text = `unknown version: ${number}; known is ${abi.file.version.value}`;
    context.problem('version', path, text, { address, receiver: [abi, 'version'] });
    return { version };
  }
  if (length < BigInt(layout.size)) {
    const text = `the blob has ${length} bytes; expected ${layout.size}`;
    context.problem('too-small', path, text, { address, receiver: [abi, 'too-small'] });
    return { format: format.id, version };
  }
  const fields = context.struct<{ version: number; previous_release: string; kexec_count: number }>(
    format,
    'kexec_metadata',
    address,
    path,
  );
  if (fields === undefined) return { format: format.id, version };
  const { previous_release: previousRelease, kexec_count: kexecCount } = fields;
  return {
    format: format.id,
    version,
    data: { kind: 'kexec-metadata', version: fields.version, previousRelease, kexecCount },
  };
}

/** Reads memblock's regions. Source: mm/memblock.c, Linux 6.16 to 7.3. */
export function readMemblock(
  context: ReadContext,
  address: bigint,
  size: bigint | undefined,
  path: string,
): ReadResult<MemblockData> {
  const tree = readTree(context, address, size, path);
  if (tree === undefined) return {};
  const latest = clientAbisOf('memblock').at(-1)!;
  const { root } = tree.tree;
  const strings = tree.compatible(root, { receiver: [latest, 'version'] });
  if (strings === undefined) return {};
  const version = firstOf(strings);
  const abi = formatsOf(context, 'memblock', strings, `${path}/compatible`)[0];
  if (abi === undefined) return { version };
  const wanted = abi.node('/*').properties.find(({ name }) => name === 'compatible')!.value;
  const regions: MemblockData['regions'][number][] = [];
  for (const node of root.children) {
    if (!context.spend(path)) break;
    const at = tree.pathOf(node, '').replace(/\/$/, '');
    const list = tree.compatible(node, { receiver: [abi, 'region-version'] });
    if (list !== undefined && !list.value.some((text) => text === wanted)) {
      const found = list.value.map((text) => `'${printable(text)}'`).join(', ');
      const receiver = [abi, 'region-version'] as const;
      const text = `unknown version: ${found}; known is ${wanted}`;
      context.problem('region-version', at, text, { address: list.address, receiver });
    }
    const start = tree.number(node, 'start', 8, { receiver: [abi, 'property'] });
    const bytes = tree.number(node, 'size', 8, { receiver: [abi, 'property'] });
    regions.push({
      // The name follows the four bytes of the node's tag.
      name: { value: node.name, address: tree.at((node.offset ?? 0) + 4) },
      compatible: list === undefined ? undefined : firstOf(list),
      start,
      size: bytes,
    });
    if (start === undefined || bytes === undefined) continue;
    if (start.value + bytes.value > 1n << 64n) {
      const text = `${hex(start.value)} + ${hex(bytes.value)} passes the end of 64-bit addresses`;
      context.problem('region-range', at, text, { address: start.address });
      continue;
    }
    if (bytes.value % BigInt(context.pageSize) !== 0n) {
      const text = `the size ${hex(bytes.value)} is not a multiple of the page size; the last partial page is not preserved`;
      context.problem('region-partial-page', at, text, { address: bytes.address, erratum: 'B13' });
    }
    context.refer('reserve_mem region', at, start.value, bytes.value);
  }
  return { format: abi.id, version, data: { kind: 'memblock', regions } };
}
