import { makeTarget, type Target } from '../abi/index.js';
import { hex, KhoError, parseU64, printable } from '../bytes/index.js';
import { type PhysicalMemory, readPresent } from '../memory/index.js';
import { type Annotation, structFields } from './annotate.js';
import { clientRules, fdtFields, rootRules } from './annotate-fdt.js';
import { namedStructures, type StructurePlace, structurePlaces } from './annotate-places.js';
import type { Handover } from './decode.js';

/** Paths that an error lists. */
const LISTED = 40;

/** Bytes of a blob that are shown at most; the largest known has some hundred. */
const MAX_BLOB = 1 << 22;

/** The array of scratch areas, where a user knows its place: the dump does not tell it. */
export interface ScratchPlace {
  readonly address: bigint;
  readonly areas: number;
}

/**
 * One structure of a handover with every field named.
 *
 * @param path `fdt`, `fdt/LUO`, `map`, the name of a subtree, `LUO/sessions/0/files/1/memfd`, `scratch`, or `0xADDRESS:STRUCTURE`
 * @throws KhoError `E_USAGE` with the valid paths, `E_NOT_IN_DUMP`
 */
export function annotateStructure(handover: Handover, path: string, scratch?: ScratchPlace): Annotation {
  const anywhere = /^([^:]+):(.+)$/.exec(path);
  const address = anywhere === null ? undefined : parseU64(anywhere[1]!);
  if (address !== undefined) return atAddress(handover, address, anywhere![2]!);
  if (path === 'scratch' && scratch !== undefined) return scratchArray(handover, scratch);
  const listed: string[] = scratch === undefined ? [] : ['scratch'];
  let more = 0;
  for (const place of structurePlaces(handover)) {
    if (place.path === path || printable(place.path) === path) return annotatePlace(handover, place);
    if (listed.length < LISTED) listed.push(printable(place.path));
    else more++;
  }
  const rest = more === 0 ? '' : ` and ${more} more`;
  throw new KhoError('E_USAGE', 'no such structure in this handover', {
    found: path,
    expected: `0xADDRESS:STRUCTURE, ${listed.join(', ')}${rest}`,
    ...(handover.map === undefined ? { hint: 'with --memory there are more' } : {}),
  });
}

function annotatePlace(handover: Handover, place: StructurePlace): Annotation {
  const { kind, address, format, node } = place;
  if (kind === 'root') {
    const { bytes } = handover.root;
    const target = targetOf(handover);
    const { fields, omitted } = fdtFields(bytes, rootRules(handover.abi), target, node);
    return { structure: 'fdt', format, address, byteOrder: 'big', bytes, fields, omitted };
  }
  const { memory, target } = memoryOf(handover);
  if (kind === 'struct') return overlay(memory, address!, place.layout!, format, target.byteOrder);
  const bytes = blobBytes(handover, memory, place);
  const isTree = bytes.length >= 4 && Buffer.from(bytes).readUInt32BE(0) === 0xd00dfeed;
  const { fields, omitted } = isTree
    ? fdtFields(bytes, clientRules(place.client), target)
    : { fields: [], omitted: [] };
  const structure = isTree ? 'fdt' : 'bytes';
  return { structure, format, address, byteOrder: isTree ? 'big' : target.byteOrder, bytes, fields, omitted };
}

/** A blob has the bytes that its tree or else its blob-size says; one page when neither does. */
function blobBytes(
  handover: Handover,
  memory: PhysicalMemory,
  { path, address }: StructurePlace,
): Uint8Array {
  const head = readPresent(memory, address!, 8, path);
  const words = new DataView(head.buffer, head.byteOffset, 8);
  const told = handover.subtrees.find(({ name, address: at }) => name === path && at === address)?.size;
  const size =
    words.getUint32(0) === 0xd00dfeed
      ? BigInt(words.getUint32(4))
      : (told ?? BigInt(2 ** handover.target!.pageShift));
  if (size > BigInt(MAX_BLOB)) {
    throw new KhoError('E_LIMIT', 'the blob is too large to be shown', {
      path,
      address: address!,
      found: `${size} bytes`,
      expected: `at most ${MAX_BLOB}`,
    });
  }
  return readPresent(memory, address!, Number(size), path);
}

function atAddress(handover: Handover, address: bigint, name: string): Annotation {
  const { memory, target } = memoryOf(handover);
  const known = namedStructures(handover, target);
  const place = known.get(name);
  if (place !== undefined) {
    // The x86 boot protocol is little endian; only x86 has it.
    const little = name === handover.abi.file.handoff.setupData.struct;
    return overlay(memory, address, place.layout!, place.format, little ? 'little' : target.byteOrder);
  }
  throw new KhoError('E_USAGE', 'no such structure', {
    found: name,
    expected: [...known.keys()].filter((key) => !key.includes('/')).join(', '),
    hint: 'FORMAT/STRUCTURE says which format is meant',
  });
}

function overlay(
  memory: PhysicalMemory,
  address: bigint,
  layout: NonNullable<StructurePlace['layout']>,
  format: string,
  byteOrder: Target['byteOrder'],
): Annotation {
  if (address + BigInt(layout.size) > 1n << 64n)
    throw new KhoError('E_USAGE', 'the structure would pass the end of 64-bit addresses', {
      found: hex(address),
    });
  const bytes = readPresent(memory, address, layout.size, layout.name);
  const { fields, omitted } = structFields(layout, bytes, byteOrder);
  return { structure: layout.name, format, address, byteOrder, bytes, fields, omitted };
}

function scratchArray(handover: Handover, { address, areas }: ScratchPlace): Annotation {
  const { memory, target } = memoryOf(handover);
  const layout = target.abi.struct('kho_scratch', target.pageShift);
  const bytes = readPresent(memory, address, areas * layout.size, 'scratch array');
  const fields = Array.from({ length: areas }, (_, index) =>
    structFields(layout, bytes, target.byteOrder, index * layout.size).fields.map((field) => ({
      ...field,
      name: `scratch[${index}].${field.name}`,
    })),
  ).flat();
  const { byteOrder } = target;
  return { structure: layout.name, format: target.abi.id, address, byteOrder, bytes, fields, omitted: [] };
}

function memoryOf(handover: Handover): { memory: PhysicalMemory; target: Target } {
  const { map, target } = handover;
  if (map !== undefined && target !== undefined) return { memory: map.memory, target };
  throw new KhoError('E_USAGE', 'this needs the memory', { hint: 'give --memory' });
}

/** Numbers in properties need the byte order only; structures in them are the same for every page size. */
function targetOf({ target, abi, byteOrder }: Handover): Target | undefined {
  return target ?? (byteOrder === undefined ? undefined : makeTarget(abi, byteOrder, 12));
}
