import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { TreeMap } from './tree-map-schema.js';

const COMPILED = fileURLToPath(new URL('../../dist/abi/tree.json', import.meta.url));

let loaded: TreeMap | undefined;

/** How the ABI headers of a kernel tree are found and divided: abi/tree.yaml. */
export function loadTreeMap(): TreeMap {
  loaded ??= JSON.parse(readFileSync(COMPILED, 'utf8')) as TreeMap;
  return loaded;
}
