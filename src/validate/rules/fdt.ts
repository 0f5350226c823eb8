import { FDT_DEFECTS, type FdtCheck, type FdtDefectId } from '../../fdt/index.js';
import type { RuleTable, ValidationContext } from '../context.js';
import { cutOffText, FROZEN_SIZES } from '../cut-off.js';
import type { FindingFacts } from '../finding.js';
import type { Rule } from '../rule.js';
import { markedWindow } from '../window.js';
import { makeRules } from './build.js';

/** Numbers of the format's rules. They are never used again for something else. */
const NUMBERS: Record<FdtDefectId, number> = {
  'fdt-too-short': 101,
  'fdt-magic': 102,
  'fdt-version': 103,
  'fdt-totalsize': 104,
  'fdt-cut-off': 105,
  'fdt-trailing-bytes': 106,
  'fdt-block-alignment': 107,
  'fdt-block-bounds': 108,
  'fdt-block-overlap': 109,
  'fdt-reserve-unterminated': 110,
  'fdt-token': 111,
  'fdt-name-unterminated': 112,
  'fdt-root-name': 113,
  'fdt-old-path': 114,
  'fdt-property-bounds': 115,
  'fdt-property-name': 116,
  'fdt-string-unterminated': 117,
  'fdt-property-outside': 118,
  'fdt-unbalanced': 119,
  'fdt-no-root': 120,
  'fdt-second-root': 121,
  'fdt-no-end': 122,
  'fdt-after-end': 123,
  'fdt-property-after-node': 124,
  'fdt-duplicate-property': 125,
  'fdt-duplicate-node': 126,
  'fdt-old-nop': 127,
  'fdt-padding': 128,
  'fdt-nop-outside': 129,
  'fdt-unchecked': 130,
};

const RULES = new Map<FdtDefectId, Rule>(
  (Object.keys(NUMBERS) as FdtDefectId[]).map((id) => {
    const { severity, title, reference } = FDT_DEFECTS[id];
    return [
      id,
      {
        id: `KHO${NUMBERS[id]}`,
        name: id,
        area: 'fdt',
        title,
        severity,
        reference,
        explanation:
          'A rule of the flattened device tree format. The next kernel checks only the header (fdt_check_header); what is wrong ' +
          'behind it makes libfdt calls fail later, or read what was not meant.',
        appliesTo: 'root FDT',
      },
    ];
  }),
);

const OWN = makeRules('fdt', 'root FDT from debugfs', {
  'debugfs-cut-off': [
    190,
    'warning',
    'the blob was cut off by debugfs',
    'erratum B22, Linux 6.19 to 7.3',
    'kho/out/fdt of debugfs keeps the length that the FDT had when the file was made: 152 bytes in 6.19 and 7.0, 233 bytes from 7.1 on. ' +
      'Later subtrees and the strings block are missing from the file, not from the handover.',
  ],
});

/** The rule for the cut-off file of debugfs. */
export const DEBUGFS_CUT_OFF: Rule = OWN['debugfs-cut-off'];

/** What to say of a blob that debugfs cut off; undefined when it is another one. */
export function cutOffFacts(
  bytes: Uint8Array,
  { header, defects }: FdtCheck,
): Omit<FindingFacts, 'input'> | undefined {
  const readable = cutOffText(bytes);
  const cut = defects.some(({ id }) => id === 'fdt-cut-off') && FROZEN_SIZES.includes(bytes.length);
  if (!cut || readable === undefined) return undefined;
  return {
    message: 'this is the FDT file of debugfs, which the kernel cuts off',
    path: '/',
    offset: bytes.length,
    found: `${bytes.length} bytes of ${header?.totalsize}; readable: ${readable}`,
    expected: `${header?.totalsize} bytes`,
    hint: 'take kho/in/fdt of the next kernel, or a memory dump',
    erratum: 'B22',
    window: markedWindow(bytes, bytes.length - 1, 1),
  };
}

/** Rules of the format, and the cut-off file that debugfs gives. */
export const fdtRules: RuleTable = {
  rules: [...RULES.values(), ...Object.values(OWN)],
  check(context: ValidationContext): void {
    const { fdt, fdtCheck } = context;
    if (fdt === undefined || fdtCheck === undefined) {
      for (const rule of this.rules) context.skip(rule, 'there is no root FDT');
      return;
    }
    for (const rule of this.rules) context.ran(rule);
    const cutOff = fdtCheck.defects.find(({ id }) => id === 'fdt-cut-off');
    const frozen = cutOff === undefined ? undefined : cutOffFacts(fdt, fdtCheck);
    if (frozen !== undefined) {
      // What else is wrong follows from the cut.
      context.reportFdt(DEBUGFS_CUT_OFF, frozen);
      return;
    }
    for (const { id, severity, offset, path, found, expected, hint } of fdtCheck.defects) {
      const rule = RULES.get(id)!;
      context.reportFdt(
        rule,
        {
          message: `${rule.title}`,
          path: path ?? '/',
          offset,
          ...(found === undefined ? {} : { found }),
          ...(expected === undefined ? {} : { expected }),
          ...(hint === undefined ? {} : { hint }),
          window: markedWindow(fdt, Math.min(offset, Math.max(0, fdt.length - 1)), 4),
        },
        // A page holds more than the blob; that is how the kernel hands it over.
        id === 'fdt-trailing-bytes' ? 'note' : severity,
      );
    }
  },
};
