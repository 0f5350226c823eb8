/** The files in abi/clients/. Sizes and offsets are those of the C structures, worked out by hand. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { allClientAbis, clientAbisOf, getClientAbi } from '../../src/index.js';
import { compileClients, parseClientAbi } from '../../src/schemas.js';
import { thrown } from '../support/errors.js';

const FOLDER = join(import.meta.dirname, '../../abi/clients');
const V5 = readFileSync(join(FOLDER, 'luo-v5.yaml'), 'utf8');

describe('client files', () => {
  test('all load, every id is the file name, and the build has compiled what the files say', () => {
    const files = readdirSync(FOLDER).map((name) => name.replace(/\.yaml$/, ''));
    expect(
      allClientAbis()
        .map(({ id }) => id)
        .sort(),
    ).toEqual(files.sort());
    expect(allClientAbis().map(({ file }) => file)).toEqual(compileClients(FOLDER));
  });

  test('follow the JSON Schema that is checked in', () => {
    const schema = JSON.parse(readFileSync(join(FOLDER, '../schema/kho-client.schema.json'), 'utf8'));
    const validate = new Ajv2020({ strict: false }).compile(schema);
    for (const { id } of allClientAbis()) {
      const data: unknown = parse(readFileSync(join(FOLDER, `${id}.yaml`), 'utf8'));
      expect(validate(data), `${id}: ${JSON.stringify(validate.errors)}`).toBe(true);
    }
    expect(validate({ ...(parse(V5) as object), surprise: 1 })).toBe(false);
  });

  test('the ladder of each component, oldest first', () => {
    const ladder = (component: Parameters<typeof clientAbisOf>[0]): string[] =>
      clientAbisOf(component).map(({ id }) => id);
    expect(ladder('luo')).toEqual(['luo-v1-6.19', 'luo-v1', 'luo-v2', 'luo-v3', 'luo-v4', 'luo-v5']);
    expect(ladder('memfd')).toEqual(['memfd-v1', 'memfd-v2']);
    expect(ladder('kho-test')).toEqual(['kho-test-v1-6.17', 'kho-test-v1']);
    expect(clientAbisOf('luo', 'luo-v1').map(({ id }) => id)).toEqual(['luo-v1-6.19', 'luo-v1']);
    expect(clientAbisOf('kexec-metadata', 1)).toHaveLength(1);
    expect(clientAbisOf('luo', 'luo-v9')).toEqual([]);
    expect(thrown(() => getClientAbi('luo-v9')).message).toContain('luo-v5');
  });

  test.each([
    ['memfd-v1', 'memfd_luo_ser', 40, { pos: 0, size: 8, nr_folios: 16, folios: 24 }],
    ['memfd-v2', 'memfd_luo_ser', 48, { pos: 0, size: 8, seals: 16, flags: 20, nr_folios: 24, folios: 32 }],
    ['luo-v5', 'luo_root', 32, { compatible: 0, liveupdate_num: 8, sessions_pa: 16, flbs_pa: 24 }],
    ['luo-v2', 'luo_abi_header', 24, { liveupdate_num: 0, sessions_pa: 8, flbs_pa: 16 }],
    ['luo-v1', 'luo_session_ser', 80, { name: 0, files: 64, count: 72 }],
    ['luo-v1', 'luo_file_ser', 64, { compatible: 0, data: 48, token: 56 }],
    ['luo-v4', 'luo_flb_ser', 64, { name: 0, data: 48, count: 56 }],
    ['kexec-metadata-v1', 'kexec_metadata', 73, { version: 0, previous_release: 4, kexec_count: 69 }],
  ] as const)('%s %s', (id, name, size, offsets) => {
    for (const shift of [12, 14, 16] as const) {
      const struct = getClientAbi(id).struct(name, shift);
      expect(struct.size).toBe(size);
      expect(Object.fromEntries(struct.fields.map((field) => [field.name, field.offset]))).toEqual(offsets);
    }
  });

  test.each([
    ['luo-v1-6.19', 'sessions', [819, 3276, 13107]],
    ['luo-v3', 'files', [128, 512, 2048]],
    ['luo-v2', 'flbs', [63, 255, 1023]],
    ['luo-v4', 'sessions', [51, 204, 819]],
    ['luo-v4', 'files', [128, 512, 2048]],
    ['luo-v5', 'files', [63, 255, 1023]],
  ] as const)('capacity of %s %s', (id, name, expected) => {
    expect(([12, 14, 16] as const).map((shift) => getClientAbi(id).capacity(name, shift).entries)).toEqual(
      expected,
    );
  });

  test.each([
    ['no YAML', (text: string) => text.replace('id: luo-v5', 'id: [luo-v5'), 'not YAML'],
    ['an unknown key', (text: string) => `${text}\nsurprise: 1\n`, 'Unrecognized key'],
    [
      'a wrong capacity',
      (text: string) => text.replace('4K: 51', '4K: 52'),
      'does not follow from its formula',
    ],
    [
      'a wrong offset',
      (text: string) =>
        text.replace('name: token, type: u64, offset: 56', 'name: token, type: u64, offset: 57'),
      'offset does not follow',
    ],
    ['an unknown outcome', (text: string) => text.replace('outcome: panic', 'outcome: shrug'), 'receiver'],
  ])('%s is refused', (_what, change, text) => {
    expect(change(V5)).not.toBe(V5);
    const error = thrown(() => parseClientAbi(change(V5), 'x.yaml'));
    expect(error.code).toBe('E_ABI_FILE');
    expect(error.message).toContain(text);
  });

  test('missing parts are mistakes in a file', () => {
    const abi = getClientAbi('memfd-v2');
    expect(thrown(() => abi.struct('luo_root', 12)).code).toBe('E_ABI_FILE');
    expect(thrown(() => abi.capacity('files', 12)).code).toBe('E_ABI_FILE');
    expect(thrown(() => abi.node('/data')).code).toBe('E_ABI_FILE');
  });
});
