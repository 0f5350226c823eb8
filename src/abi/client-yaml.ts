import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KhoError } from '../bytes/index.js';
import { checkedYaml } from './checked-yaml.js';
import { ClientAbi } from './client-registry.js';
import { CLIENT_COMPONENTS, type ClientAbiFile, clientAbiSchema } from './client-schema.js';
import { PAGE_SHIFTS } from './target.js';

/** Parses and checks one client file. @throws KhoError `E_ABI_FILE` with the path of the first thing that is wrong. */
export function parseClientAbi(text: string, source: string): ClientAbi {
  const abi = new ClientAbi(checkedYaml(text, source, clientAbiSchema));
  try {
    verifyClient(abi);
  } catch (error) {
    throw error instanceof KhoError ? error.at({ source }) : error;
  }
  return abi;
}

/**
 * Recomputes every capacity: what is left of the container after its header, divided by the size of an entry.
 *
 * @throws KhoError `E_ABI_FILE`
 */
function verifyClient(abi: ClientAbi): void {
  for (const shift of PAGE_SHIFTS) {
    for (const name of Object.keys(abi.file.structs)) abi.struct(name, shift);
    for (const [name, { header, entry }] of Object.entries(abi.file.capacities)) {
      const { entries, pages } = abi.capacity(name, shift);
      const room = pages * 2 ** shift - (header === undefined ? 0 : abi.struct(header, shift).size);
      const computed = Math.floor(room / abi.struct(entry, shift).size);
      if (entries !== computed) {
        throw new KhoError('E_ABI_FILE', 'number does not follow from its formula', {
          path: `capacities.${name} (page shift ${shift})`,
          found: `${entries}`,
          expected: `${computed}`,
        });
      }
    }
  }
}

/** Reads and checks every client file of a folder: by component, oldest first. The build writes the result as JSON. */
export function compileClients(folder: string): ClientAbiFile[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => parseClientAbi(readFileSync(join(folder, name), 'utf8'), `abi/clients/${name}`).file);
  const place = (file: ClientAbiFile): number => CLIENT_COMPONENTS.indexOf(file.component);
  return files.sort((a, b) => place(a) - place(b) || a.rung - b.rung);
}
