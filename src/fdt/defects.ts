/** What can be wrong with a blob: rules as data. Texts are complete sentences for a report; `reference` says where the rule stands. */
export type Severity = 'error' | 'warning' | 'note';

interface DefectRule {
  readonly severity: Severity;
  readonly title: string;
  readonly reference: string;
}

const SPEC = 'devicetree specification v0.4';

/** All rules, by id. */
export const FDT_DEFECTS = {
  'fdt-too-short': rule('error', 'the input is shorter than a header', '5.2'),
  'fdt-magic': rule('error', 'the first word is not 0xd00dfeed', '5.2'),
  'fdt-version': rule('error', 'the format version is not supported', '5.2'),
  'fdt-totalsize': rule('error', 'totalsize is smaller than the header', '5.2'),
  'fdt-cut-off': rule('error', 'the input ends before totalsize', '5.2'),
  'fdt-trailing-bytes': rule('note', 'bytes follow totalsize', '5.2'),
  'fdt-block-alignment': rule('error', 'a block starts at a misaligned offset', '5.6'),
  'fdt-block-bounds': rule('error', 'a block lies outside the blob', '5.2'),
  'fdt-block-overlap': rule('error', 'two blocks share bytes', '5.2'),
  'fdt-reserve-unterminated': rule(
    'error',
    'the memory reservation block has no all-zero entry at its end',
    '5.3.2',
  ),
  'fdt-token': rule('error', 'a structure block word is no tag', '5.4.1'),
  'fdt-unchecked': rule(
    'note',
    'from here on the nodes cannot be followed, and are not checked in full',
    '5.4',
  ),
  'fdt-name-unterminated': rule('error', 'a node name has no NUL', '5.4.1'),
  'fdt-root-name': rule('error', 'the root node has a name', '5.4.1'),
  'fdt-old-path': rule('error', 'a full node path is not below its parent', '5.2 (versions before 16)'),
  'fdt-property-bounds': rule('error', 'a property value runs past the structure block', '5.4.1'),
  'fdt-property-name': rule(
    'error',
    'a property name offset lies outside the strings block, or shares too much of it',
    '5.5',
  ),
  'fdt-string-unterminated': rule('error', 'a property name has no NUL', '5.5'),
  'fdt-property-outside': rule('error', 'a property stands outside the root node', '5.4.2'),
  'fdt-unbalanced': rule('error', 'FDT_BEGIN_NODE and FDT_END_NODE do not pair', '5.4.2'),
  'fdt-no-root': rule('error', 'there is no root node', '5.4.2'),
  'fdt-second-root': rule('error', 'there is more than one root node', '5.4.2'),
  'fdt-no-end': rule('error', 'the structure block has no FDT_END', '5.4.1'),
  'fdt-after-end': rule('warning', 'words follow FDT_END in the structure block', '5.4.2'),
  'fdt-property-after-node': rule('warning', 'a property follows a subnode of the same node', '5.4.2'),
  'fdt-duplicate-property': rule(
    'warning',
    'two properties of a node have one name; readers see the first',
    '2.2.4',
  ),
  'fdt-duplicate-node': rule(
    'warning',
    'two nodes of one parent have one name; readers see the first',
    '2.2.1',
  ),
  'fdt-nop-outside': rule(
    'warning',
    'FDT_NOP outside the root node; dtc refuses the blob, and so does a full check of libfdt',
    '5.4.2',
  ),
  'fdt-old-nop': rule('warning', 'FDT_NOP in a version before 16', '5.4.1'),
  'fdt-padding': rule('note', 'padding is not zero', '5.4.1'),
} as const satisfies Record<string, DefectRule>;

function rule(severity: Severity, title: string, section: string): DefectRule {
  return { severity, title, reference: `${SPEC}, ${section}` };
}

export type FdtDefectId = keyof typeof FDT_DEFECTS;

/** Rules about which nodes are open: without force once damaged tags have made that unknown. */
export const PLACE_RULES: ReadonlySet<FdtDefectId> = new Set<FdtDefectId>([
  'fdt-unbalanced',
  'fdt-second-root',
  'fdt-root-name',
  'fdt-property-outside',
  'fdt-nop-outside',
  'fdt-property-after-node',
  'fdt-old-path',
]);

/** One defect found in one blob. */
export interface FdtDefect {
  readonly id: FdtDefectId;
  readonly severity: Severity;
  /** Byte offset in the blob. */
  readonly offset: number;
  /** Path of the node or property, as far as it is known. */
  readonly path?: string;
  readonly found?: string;
  readonly expected?: string;
  readonly hint?: string;
}

/** What a place in the blob says about a defect; the rule adds the rest. */
export type DefectFacts = Omit<FdtDefect, 'id' | 'severity'>;

/** Takes each defect as it is found; a reader throws, a checker collects. */
export type DefectReport = (defect: FdtDefect) => void;

/** Fills in the severity of a rule. */
export function defect(id: FdtDefectId, facts: DefectFacts): FdtDefect {
  return { id, severity: FDT_DEFECTS[id].severity, ...facts };
}
