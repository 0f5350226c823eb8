import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KhoError } from '../bytes/index.js';
import { checkedYaml } from './checked-yaml.js';
import { Abi } from './registry.js';
import { type ReleaseEntry, releasesSchema } from './release-schema.js';
import { type AbiFile, abiSchema, PAGE_SIZE_NAMES } from './schema.js';
import { PAGE_SHIFTS } from './target.js';
import { verifyNumbers } from './verify.js';

/** Parses and checks one ABI file. @throws KhoError `E_ABI_FILE` with the path of the first thing that is wrong. */
export function parseAbi(text: string, source: string): Abi {
  const abi = new Abi(checkedYaml(text, source, abiSchema));
  try {
    for (const name of Object.keys(abi.file.structs)) {
      for (const shift of PAGE_SHIFTS) abi.struct(name, shift);
    }
    for (const size of PAGE_SIZE_NAMES) verifyNumbers(abi.file, size);
  } catch (error) {
    throw error instanceof KhoError ? error.at({ source }) : error;
  }
  return abi;
}

/** Reads and checks the list of releases. @throws KhoError `E_ABI_FILE`, also for a kho file that does not exist */
export function compileReleases(folder: string): ReleaseEntry[] {
  const path = join(folder, 'releases.yaml');
  const { releases } = checkedYaml(readFileSync(path, 'utf8'), path, releasesSchema);
  for (const { release, components } of releases) {
    for (const [component, id] of Object.entries(components)) {
      const file = join(folder, component === 'kho' ? `${id}.yaml` : `clients/${id}.yaml`);
      if (!existsSync(file))
        throw new KhoError('E_ABI_FILE', 'a release names a file that does not exist', {
          source: path,
          path: `${release}/${component}`,
          found: id,
        });
    }
  }
  return releases;
}

/** Reads and checks every ABI file of a folder, oldest rung first. The build writes the result as JSON. */
export function compileAbis(folder: string): AbiFile[] {
  const files = readdirSync(folder)
    .filter((name) => name.startsWith('kho-') && name.endsWith('.yaml'))
    .map((name) => parseAbi(readFileSync(join(folder, name), 'utf8'), `abi/${name}`).file);
  return files.sort((a, b) => a.rung - b.rung);
}
