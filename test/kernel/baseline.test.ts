/** The baseline file: canonical, and proof against hands. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { baselineText, type Fingerprint, parseBaseline } from '../../src/kernel/index.js';
import { jsonSchemas } from '../../src/schemas.js';
import { thrown } from '../support/errors.js';

const print: Fingerprint = {
  components: {
    vmalloc: {
      title: 'Preserved vmalloc areas',
      guard: ['core'],
      markers: [],
      names: {},
      source: { 'struct kho_vmalloc': '0123456789abcdef' },
      docs: 'fedcba9876543210',
      targets: {
        'le-4k': {
          structs: {
            kho_vmalloc: {
              size: 16,
              align: 8,
              fields: [
                { name: 'first.phys', type: 'u64', kind: 'integer', bit: 0, bits: 64 },
                { name: 'order', type: 'unsigned short', kind: 'integer', bit: 112, bits: 16 },
              ],
            },
          },
          constants: { B: '2', A: '-1' },
          facts: {},
        },
      },
    },
    core: {
      title: 'Root FDT',
      guard: [],
      markers: [
        { component: 'core', scheme: 'fdt-compatible', value: 'kho-v4', macro: 'KHO_FDT_COMPATIBLE' },
      ],
      names: { KHO_SUB_TREE_PROP_NAME: 'preserved-data' },
      source: {},
      docs: '0000000000000000',
      targets: {},
    },
  },
};
const text = baselineText(print);

describe('baseline', () => {
  test('reads back as it was', () => {
    expect(parseBaseline(text, 'x')).toEqual(print);
  });

  test('does not depend on the order in which things were found', () => {
    const { vmalloc, core } = print.components;
    const turned = { components: { core: core!, vmalloc: vmalloc! } };
    expect(baselineText(turned)).toBe(text);
    expect(text.indexOf('"A"')).toBeLessThan(text.indexOf('"B"'));
  });

  test('has a member of a structure on each line', () => {
    expect(text).toContain(
      '\n                { "bit": 112, "bits": 16, "kind": "integer", "name": "order", "type": "unsigned short" }\n',
    );
  });

  test('follows its schema', () => {
    const validate = new Ajv2020().compile(jsonSchemas()['baseline.schema.json']!);
    expect(validate(JSON.parse(text)), JSON.stringify(validate.errors)).toBe(true);
  });

  test.each([
    ['a number changed by hand', text.replace('"size": 16', '"size": 24'), 'changed by hand'],
    ['a digest changed by hand', text.replace(/sha256:./, 'sha256:_').replace('_', '0'), 'changed by hand'],
    ['a merge conflict', `<<<<<<< ours\n${text}`, 'merge conflict'],
    ['no JSON', text.slice(0, 100), 'no JSON'],
    ['another format', text.replace('"format": 1', '"format": 2'), 'another format'],
    ['null', 'null', 'another format'],
    ['an unknown key', text.replace('"format": 1', '"extra": 1, "format": 1'), 'schema'],
  ])('%s is told', (_, broken, expected) => {
    const error = thrown(() => parseBaseline(broken, 'kho-abi.baseline.json'));
    expect(error.code).toBe('E_BASELINE');
    expect(error.message).toContain(expected);
    expect(error.message).toContain('kho-abi.baseline.json');
    expect(error.message).toContain('--write-baseline');
  });
});
