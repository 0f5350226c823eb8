import { readFileSync } from 'node:fs';
import { KhoError } from '../bytes/index.js';
import { checkedYaml } from './checked-yaml.js';
import { type TreeMap, treeMapSchema } from './tree-map-schema.js';

/** Reads and checks abi/tree.yaml. @throws KhoError `E_ABI_FILE`, also for a guard that does not exist or that guards itself */
export function compileTreeMap(path: string): TreeMap {
  const map = checkedYaml(readFileSync(path, 'utf8'), path, treeMapSchema);
  const ids = map.components.map(({ id }) => id);
  for (const [index, { id, guard = [] }] of map.components.entries()) {
    // Guards stand before what they guard: no circles.
    const bad = guard.find((name) => !ids.slice(0, index).includes(name));
    if (bad !== undefined)
      throw new KhoError('E_ABI_FILE', 'a guard must be a component that stands before', {
        source: path,
        path: `components/${id}/guard`,
        found: bad,
      });
    if (ids.indexOf(id) !== index)
      throw new KhoError('E_ABI_FILE', 'a component twice', { source: path, found: id });
  }
  return map;
}
