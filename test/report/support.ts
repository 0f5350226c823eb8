/** Validation reports made by hand, without the collector: what the renderers are tested with. */
import type { Finding, Rule, RuleResult, ValidationReport } from '../../src/validate/index.js';

const RULES = {
  cutOff: {
    id: 'KHO101',
    name: 'fdt-cut-off',
    area: 'fdt',
    title: 'the input ends before totalsize',
    severity: 'error',
    reference: 'devicetree specification v0.4, 5.2',
    explanation: 'The kernel refuses a tree that is longer than the memory it was told of.',
    appliesTo: 'every device tree',
  },
  padding: {
    id: 'KHO102',
    name: 'fdt-padding',
    area: 'fdt',
    title: 'padding is not zero',
    severity: 'note',
    reference: 'devicetree specification v0.4, 5.4.1',
    explanation: 'Readers skip it.',
    appliesTo: 'every device tree',
  },
  orderBit: {
    id: 'KHO201',
    name: 'map-no-order-bit',
    area: 'map',
    title: 'a key has no order bit',
    severity: 'error',
    reference: 'erratum B4',
    explanation: 'The kernel computes an order from {nothing} and preserves the wrong block.',
    appliesTo: 'radix maps; needs memory',
  },
  outsideRam: {
    id: 'KHO202',
    name: 'map-outside-ram',
    area: 'map',
    title: 'a block lies outside of RAM',
    severity: 'warning',
    reference: 'Linux 6.16',
    explanation: 'The kernel reserves nothing.',
    appliesTo: 'needs RAM ranges',
  },
  notPreserved: {
    id: 'KHO402',
    name: 'client-not-preserved',
    area: 'clients',
    title: 'a client points to memory that is not preserved',
    severity: 'warning',
    reference: 'erratum B14',
    explanation: 'The page may be given to somebody else before the client reads it.',
    appliesTo: 'needs memory',
  },
  vmallocFlags: {
    id: 'KHO301',
    name: 'vmalloc-flags',
    area: 'vmalloc',
    title: 'unknown flags are set',
    severity: 'warning',
    reference: 'erratum B12',
    explanation: 'The kernel ignores them.',
    appliesTo: 'needs memory',
  },
} as const satisfies Record<string, Rule>;

export const RULE = RULES;

function result(rule: Rule, more: Partial<RuleResult> = {}): RuleResult {
  const counts = { error: 0, warning: 0, note: 0, ...more.counts };
  const total = counts.error + counts.warning + counts.note;
  return { rule, run: true, shown: total, suppressed: 0, ...more, counts, total };
}

/** A clean report: nothing was found, one rule could not run. */
export const CLEAN: ValidationReport = {
  tool: { name: 'kho-abi', version: '9.8.7' },
  dtc: null,
  started: null,
  inputs: [{ path: 'in/fdt', kind: 'root FDT', bytes: 152, sha256: 'ab'.repeat(32) }],
  subject: { abi: 'kho-v4', byteOrder: null, pageSize: null, fdtAddress: null },
  rules: [result(RULES.cutOff), result(RULES.outsideRam, { run: false, skipped: 'no RAM ranges given' })],
  findings: [],
  suppressed: [],
  problems: [],
  counts: { error: 0, warning: 0, note: 0 },
  verdict: 'accepted',
  receiver: 'Linux 7.2 and 7.3 (kho-v4)',
};

/** A report in which nothing at all was read and no rule ran. */
export const EMPTY: ValidationReport = {
  ...CLEAN,
  inputs: [],
  subject: { abi: null, byteOrder: null, pageSize: null, fdtAddress: null },
  rules: [],
};

const FINDINGS: Finding[] = [
  {
    rule: 'KHO101',
    severity: 'error',
    message: 'the header says 4096 bytes and the file has 100',
    input: 0,
    path: '/',
    offset: 0x4,
    length: 4,
    window: [
      {
        text: '0000000000000000  d0 0d fe ed 00 00 10 00  00 00 00 40 00 00 00 60  |...........@...`|',
        mark: { from: 4, to: 8 },
      },
      { text: '0000000000000010  00 00 00 28 00 00 00 11  00 00 00 10 00 00 00 00  |...(............|' },
    ],
    found: '100',
    expected: '4096',
    hint: 'debugfs of the sender cuts the file',
    erratum: 'B22',
  },
  {
    rule: 'KHO201',
    severity: 'error',
    message: 'the key 0x0 has no order bit',
    input: 1,
    address: 0x1_0400_0000n,
    length: 8,
    window: [
      {
        text: '0000000104000000  01 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|',
        mark: { from: 0, to: 8 },
      },
    ],
  },
  {
    rule: 'KHO402',
    severity: 'warning',
    message: 'the session points to a page that is not preserved',
    input: 1,
    path: 'luo-v5/sessions[2]',
    address: 0xffff_ffff_ffff_f000n,
  },
  { rule: 'KHO102', severity: 'note', message: 'a padding byte is 0x2a', input: 0, offset: 0x60 },
];

/** A report with something of everything. */
export const FULL: ValidationReport = {
  tool: { name: 'kho-abi', version: '9.8.7' },
  dtc: '1.7.2',
  started: '2026-01-02T03:04:05Z',
  inputs: [
    { path: 'out/fdt', kind: 'root FDT', bytes: 100, sha256: '0123456789abcdef'.repeat(4) },
    {
      path: '/dumps/a b.elf',
      kind: 'ELF core',
      bytes: 68719476736,
      sha256: null,
      noHash: 'larger than 1 GiB',
    },
  ],
  subject: { abi: 'kho-v4', byteOrder: 'little', pageSize: 4096, fdtAddress: 0x1_0000_1000n },
  rules: [
    result(RULES.cutOff, { counts: { error: 1, warning: 0, note: 0 } }),
    result(RULES.padding, { counts: { error: 0, warning: 0, note: 1 } }),
    result(RULES.orderBit, { counts: { error: 1234, warning: 0, note: 0 }, shown: 1 }),
    result(RULES.outsideRam, { run: false, skipped: 'no RAM ranges given' }),
    result(RULES.vmallocFlags, { run: false, skipped: 'no vmalloc area found' }),
    result(RULES.notPreserved, { counts: { error: 0, warning: 1, note: 0 }, suppressed: 1 }),
  ],
  findings: FINDINGS,
  suppressed: [
    {
      finding: {
        rule: 'KHO402',
        severity: 'warning',
        message: 'the array points to a page that is not preserved',
        input: 1,
        path: '/memblock',
        address: 0x30_0000n,
      },
      reason: 'fixed in the next image',
      expires: '2026-12-31',
    },
  ],
  problems: [
    {
      kind: 'profile',
      message: 'the handover has luo luo-v5; profile fleet accepts only luo-v4',
      place: 'fleet.yaml:3:3',
    },
    {
      kind: 'suppression',
      message: 'nothing matched the suppression of KHO101 at /x',
      place: 'known.yaml:5:3',
    },
  ],
  counts: { error: 1235, warning: 1, note: 1 },
  verdict: 'refused',
  receiver: 'Linux 7.2 and 7.3 (kho-v4)',
};

/** Names that an attacker would choose. */
export const HOSTILE: Record<string, string> = {
  newlines: 'a\nnot ok 1 x\r\n::error::y\n# SKIP',
  pipe: 'a | b || c',
  backticks: 'a ` b ``` c ~~~',
  cdata: ']]></failure><script>alert(1)</script><!--',
  workflow: '::stop-commands::x %0A::error::y ##[error]z',
  escape: '\u001b[2J\u001b]8;;http://x\u0007link\u009b31m',
  separators: 'a\u2028b\u2029c\u0085d\u202ee\ufeff\ud800f\uffff\u0000',
  markdown: '<img src=x onerror=y> [a](http://b) ![c](d) @everyone #1 *e* _f_ www.x.org \\| \\`',
  link: 'see www.example.org or http://example.org',
  web: 'see www.example.org',
  http: 'see http://example.org',
  list: '1. one',
  sarif: '{0} }{ [text](sarif:/runs/0)',
  long: 'A'.repeat(100_000),
};

/** A report with one hostile text in every place that takes a text from outside. */
export function hostileReport(text: string): ValidationReport {
  const finding: Finding = {
    rule: 'KHO101',
    severity: 'error',
    message: text,
    input: 0,
    path: text,
    offset: 4,
    window: [{ text, mark: { from: 0, to: 1 } }],
    found: text,
    expected: text,
    hint: text,
    erratum: text,
  };
  return {
    ...FULL,
    dtc: text,
    inputs: [
      { path: text, kind: text, bytes: 1, sha256: null, noHash: text },
      { path: `x/${text}`, kind: text, bytes: 1, sha256: null, noHash: text },
    ],
    subject: { ...FULL.subject, abi: text },
    rules: [
      result(RULES.cutOff, { counts: { error: 1, warning: 0, note: 0 } }),
      result(RULES.outsideRam, { run: false, skipped: text }),
      result(RULES.notPreserved, { suppressed: 1 }),
    ],
    findings: [finding],
    suppressed: [{ finding: { ...finding, rule: 'KHO402', input: 1 }, reason: text, expires: text }],
    problems: [
      { kind: 'profile', message: text, place: text },
      { kind: 'suppression', message: text },
    ],
    counts: { error: 1, warning: 0, note: 0 },
    receiver: text,
  };
}
