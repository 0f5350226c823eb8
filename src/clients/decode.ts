import { allClientAbis, type ClientComponent, type Target } from '../abi/index.js';
import { printable } from '../bytes/index.js';
import type { PhysicalMemory } from '../memory/index.js';
import { ReadContext } from './context.js';
import type { ClientData, DecodedClient } from './model.js';
import { readKhoTest } from './read-kho-test.js';
import { readLuo } from './read-luo.js';
import { type ReadResult, readMemblock, readMetadata } from './read-small.js';

type ClientReader = (
  context: ReadContext,
  address: bigint,
  size: bigint | undefined,
  path: string,
) => ReadResult<ClientData>;

const READERS: Partial<Record<ClientComponent, ClientReader>> = {
  'kexec-metadata': readMetadata,
  'kho-test': readKhoTest,
  luo: readLuo,
  memblock: readMemblock,
};

/**
 * Reads what one subtree of the root FDT hands over. Who it is follows from the name, which format from the bytes. Nothing in
 * memory is trusted and nothing is thrown: what cannot be read becomes a problem, and the rest is read all the same.
 *
 * @param name name of the subtree's node
 * @param address physical address of the blob
 * @param size blob-size; undefined for ABIs that have none
 */
export function decodeClient(
  name: string,
  address: bigint,
  size: bigint | undefined,
  memory: PhysicalMemory,
  target: Target,
): DecodedClient {
  const component = allClientAbis().find(({ file }) => file.subtree === name)?.component;
  const context = new ReadContext(memory, target);
  const path = `/${printable(name)}`;
  const read = component === undefined ? undefined : READERS[component];
  const result = read?.(context, address, size, path) ?? {};
  return {
    name,
    address,
    size,
    component,
    format: result.format,
    version: result.version,
    data: result.data,
    problems: context.problems,
    references: context.references,
  };
}
