import { allClientAbis, type ClientAbi, getClientAbi, type PlacedStruct, type Target } from '../abi/index.js';
import { printable } from '../bytes/index.js';
import type { DecodedClient, LuoData } from '../clients/index.js';
import type { Handover } from './decode.js';
import { clientAreas } from './extract-areas.js';

/** A structure of a handover that can be shown, and where it lies. */
export interface StructurePlace {
  /** `LUO/sessions/0/files/1`; names as they are in the blob. */
  readonly path: string;
  readonly kind: 'root' | 'blob' | 'struct';
  readonly address: bigint | undefined;
  /** With kind `struct`. */
  readonly layout?: PlacedStruct;
  /** Id of the ABI or client format. */
  readonly format: string;
  /** With kind `root`: only this node. With kind `blob`: the format of the tree. */
  readonly node?: string;
  readonly client?: ClientAbi | undefined;
}

/** Structure that the blob of a client without a device tree is. */
const BLOB_STRUCTS: Readonly<Record<string, string>> = {
  luo: 'luo_root',
  'kexec-metadata': 'kexec_metadata',
};

/** All structures of a handover, one after another: those that are cheap to name come first. */
export function* structurePlaces(handover: Handover): Generator<StructurePlace> {
  const { abi, fdtAddress, target, subtrees } = handover;
  yield { path: 'fdt', kind: 'root', address: fdtAddress, format: abi.id };
  for (const { name } of subtrees)
    yield { path: `fdt/${name}`, kind: 'root', address: fdtAddress, format: abi.id, node: name };
  if (target === undefined || handover.map === undefined) return;
  if (handover.mapAddress !== undefined && handover.mapAddress !== 0n) {
    const rules = abi.file.memoryMap;
    const name = rules.kind === 'radix' ? 'kho_radix_node' : rules.chunk;
    const layout = abi.struct(name, target.pageShift);
    yield { path: 'map', kind: 'struct', address: handover.mapAddress, layout, format: abi.id };
  }
  for (const client of handover.clients) yield* clientPlaces(client, target);
}

function* clientPlaces(client: DecodedClient, target: Target): Generator<StructurePlace> {
  const { name, address, format, component } = client;
  const abi = format === undefined ? undefined : getClientAbi(format);
  const struct = abi?.file.fdt === undefined ? BLOB_STRUCTS[component ?? ''] : undefined;
  if (abi !== undefined && struct !== undefined) yield structPlace(name, address, abi, struct, target);
  else yield { path: name, kind: 'blob', address, format: format ?? 'unknown format', client: abi };
  if (abi !== undefined && client.data?.kind === 'luo') yield* luoPlaces(name, client.data, abi, target);
  for (const { path, chunks } of clientAreas(client)) {
    if (target.abi.file.vmalloc === undefined) continue;
    const layout = target.abi.struct(target.abi.vmalloc.chunk, target.pageShift);
    // The reader's paths begin with a slash and the printable name; these begin with the name itself.
    const rest = path.slice(1 + printable(name).length);
    for (const [index, chunk] of chunks.entries()) {
      const at = `${name}${rest}${index === 0 ? '' : `/${index}`}`;
      yield { path: at, kind: 'struct', address: chunk, layout, format: target.abi.id };
    }
  }
}

function* luoPlaces(name: string, data: LuoData, abi: ClientAbi, target: Target): Generator<StructurePlace> {
  const { liveupdateNumber, sessionsAddress, flbsAddress, sessions, flbs } = data;
  if (abi.file.luo?.root === 'fdt-header' && liveupdateNumber !== undefined)
    yield structPlace(`${name}/header`, liveupdateNumber.address, abi, 'luo_abi_header', target);
  yield* containerPlace(`${name}/sessions`, sessionsAddress?.value, abi, 'sessions', target);
  for (const [index, session] of sessions.entries()) {
    const path = `${name}/sessions/${index}`;
    yield structPlace(path, session.address, abi, abi.file.capacities.sessions!.entry, target);
    yield* containerPlace(`${path}/files`, session.filesAddress.value, abi, 'files', target);
    for (const [number, file] of session.files.entries()) {
      const at = `${path}/files/${number}`;
      yield structPlace(at, file.address, abi, abi.file.capacities.files!.entry, target);
      if (file.memfd !== undefined) {
        const memfd = getClientAbi(file.memfd.format);
        yield structPlace(`${at}/memfd`, file.data.value, memfd, 'memfd_luo_ser', target);
      }
    }
  }
  yield* containerPlace(`${name}/flbs`, flbsAddress?.value, abi, 'flbs', target);
  for (const [index, flb] of flbs.entries())
    yield structPlace(`${name}/flbs/${index}`, flb.address, abi, abi.file.capacities.flbs!.entry, target);
}

/** The header of the first block of a container, in formats whose containers have one. */
function* containerPlace(
  path: string,
  address: bigint | undefined,
  abi: ClientAbi,
  capacity: string,
  target: Target,
): Generator<StructurePlace> {
  const header = abi.file.capacities[capacity]?.header;
  if (address !== undefined && address !== 0n && header !== undefined)
    yield structPlace(path, address, abi, header, target);
}

function structPlace(
  path: string,
  address: bigint,
  abi: ClientAbi,
  name: string,
  target: Target,
): StructurePlace {
  return { path, kind: 'struct', address, layout: abi.struct(name, target.pageShift), format: abi.id };
}

/**
 * Structures of the ABI files that can be laid over any address, by name: those of the handover's ABI, then of the client formats
 * that were found in it, then of all others, newest first. `format/name` says which one is meant.
 */
export function namedStructures(handover: Handover, target: Target): Map<string, StructurePlace> {
  const places = new Map<string, StructurePlace>();
  const add = (format: string, name: string, layout: PlacedStruct): void => {
    const place: StructurePlace = { path: name, kind: 'struct', address: undefined, layout, format };
    if (!places.has(name)) places.set(name, place);
    places.set(`${format}/${name}`, place);
  };
  const { abi } = handover;
  for (const name of Object.keys(abi.file.structs)) add(abi.id, name, abi.struct(name, target.pageShift));
  const found = new Set<string>();
  for (const { format, data } of handover.clients) {
    if (format !== undefined) found.add(format);
    if (data?.kind !== 'luo') continue;
    for (const { files } of data.sessions)
      for (const { memfd } of files) if (memfd !== undefined) found.add(memfd.format);
  }
  const rest = allClientAbis().filter(({ id }) => !found.has(id));
  for (const client of [...[...found].map(getClientAbi), ...rest.reverse()])
    for (const name of Object.keys(client.file.structs))
      add(client.id, name, client.struct(name, target.pageShift));
  return places;
}
