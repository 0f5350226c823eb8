/** Rules for kernel trees, as data like the rules for handovers. Numbers are never used again for something else. */
import type { Rule } from '../validate/index.js';

const COMPARED = 'comparison with a baseline, a revision, another tree or a format of abi/';
const HEADERS = 'ABI headers of a tree';
const LIST = 'Discussion of kho: granular compatibility and header decoupling (June 2026)';

type TreeRule = Omit<Rule, 'area'>;

const TABLE = {
  'wire-without-bump': {
    id: 'KHO601',
    title: 'bytes changed under an unchanged version',
    severity: 'error',
    reference: `${LIST}; DOC comments of include/linux/kho/abi (6.19)`,
    explanation:
      'A structure, an offset or a number that the bytes depend on is another one, and the version string is the same. The next kernel cannot tell: it reads the old bytes as new ones. Raise the version in the same change.',
    appliesTo: COMPARED,
  },
  'names-without-bump': {
    id: 'KHO602',
    title: 'a node or property changed its name under an unchanged version',
    severity: 'error',
    reference: `${LIST}; DOC comments of include/linux/kho/abi (6.19)`,
    explanation:
      'The next kernel looks for a name that is not there, or does not look for one that is. What it does then depends on the reader; the version string is there to keep it from trying.',
    appliesTo: COMPARED,
  },
  'changed-with-bump': {
    id: 'KHO603',
    title: 'the ABI changed and a version says so',
    severity: 'note',
    reference: 'DOC comments of include/linux/kho/abi (6.19)',
    explanation:
      'Kernels before and after the change do not hand over to each other. That is allowed; whoever live-updates a fleet must know it. Refresh the baseline in the same change.',
    appliesTo: COMPARED,
  },
  'bumped-without-change': {
    id: 'KHO604',
    title: 'a version was raised and nothing that headers show changed',
    severity: 'warning',
    reference: 'DOC comments of include/linux/kho/abi (6.19)',
    explanation:
      'A new version refuses every older kernel. If only the code behind the headers changed its meaning, that is right; else it costs every handover for nothing.',
    appliesTo: COMPARED,
  },
  'guarded-by-other': {
    id: 'KHO605',
    title: "the component's own version is unchanged; only the version above it changed",
    severity: 'warning',
    reference: LIST,
    explanation:
      'An old kernel stops at the version above and never sees the changed bytes. A backport that leaves the other change out loses this guard.',
    appliesTo: COMPARED,
  },
  'source-changed': {
    id: 'KHO606',
    title: 'names or text of declarations changed, the bytes did not',
    severity: 'note',
    reference: 'kho: radix constants of 7.3',
    explanation:
      'Programs that use the header must be compiled anew or adapted. Handovers are not concerned.',
    appliesTo: COMPARED,
  },
  'docs-changed': {
    id: 'KHO607',
    title: 'only comment text changed',
    severity: 'note',
    reference: 'DOC comments of include/linux/kho/abi (6.19)',
    explanation: 'Handovers are not concerned.',
    appliesTo: COMPARED,
  },
  'targets-differ': {
    id: 'KHO608',
    title: 'a page size or byte order is on one side only',
    severity: 'warning',
    reference: 'kho: fix KHO_TREE_MAX_DEPTH for non-4KB page sizes (7.1-rc6)',
    explanation:
      'A change may concern one page size alone. What was not compared is not known to be the same; make the baseline for all page sizes.',
    appliesTo: COMPARED,
  },
  'arches-disagree': {
    id: 'KHO610',
    title: 'compilers of two architectures lay a structure out differently',
    severity: 'error',
    reference: 'DOC comments of include/linux/kho/abi (6.19)',
    explanation: 'The same header means different bytes. Use types of fixed width and explicit padding.',
    appliesTo: HEADERS,
  },
  'comment-version': {
    id: 'KHO611',
    title: 'a comment names another version than the macro',
    severity: 'warning',
    reference: 'Erratum B5: the header of 7.2 and 7.3 says kho-v3 in the text',
    explanation:
      'The macro is what is on the wire. Whoever writes a reader from the text gets the version wrong.',
    appliesTo: HEADERS,
  },
  'uncovered-struct': {
    id: 'KHO612',
    title: 'no version covers a structure',
    severity: 'warning',
    reference: LIST,
    explanation:
      'The header has no version of its own and does not say which one covers it. A change of the structure cannot be told from the handover.',
    appliesTo: HEADERS,
  },
  'comment-macro': {
    id: 'KHO613',
    title: 'a comment names a macro that does not exist',
    severity: 'warning',
    reference: 'DOC comments of include/linux/kho/abi (6.19)',
    explanation:
      'The text tells a developer to raise a version that is not there, or explains a constant of another release.',
    appliesTo: HEADERS,
  },
  'packing-mix': {
    id: 'KHO614',
    title: 'packed and unpacked structures in one component',
    severity: 'warning',
    reference: 'DOC comments of include/linux/kho/abi (6.19)',
    explanation:
      'Whether padding is on the wire depends on an attribute that is easy to forget. Members of an unpacked structure may move when one is added.',
    appliesTo: HEADERS,
  },
  'implicit-padding': {
    id: 'KHO615',
    title: 'a structure has padding that nobody named',
    severity: 'warning',
    reference: 'Documentation/process/botching-up-ioctls',
    explanation:
      'The bytes between the members are whatever was in memory. Name them, or pack the structure.',
    appliesTo: HEADERS,
  },
  'native-type': {
    id: 'KHO616',
    title: 'a member is as wide as a pointer, or an enum',
    severity: 'warning',
    reference: 'Documentation/process/botching-up-ioctls',
    explanation:
      'The width follows from the compiler and the machine and not from the text. A pointer means nothing in the next kernel; an enum may change its size.',
    appliesTo: HEADERS,
  },
  'config-dependent': {
    id: 'KHO617',
    title: 'a declaration depends on the configuration',
    severity: 'warning',
    reference: 'DOC comments of include/linux/kho/abi (6.19)',
    explanation:
      'Two kernels of one release with other options do not have the same ABI, and no version says so.',
    appliesTo: HEADERS,
  },
} as const satisfies Record<string, Omit<TreeRule, 'name'>>;

/** Name of a rule for kernel trees. */
export type TreeRuleName = keyof typeof TABLE;

/** Rules for kernel trees, by number. */
export function treeRules(): Rule[] {
  return (Object.keys(TABLE) as TreeRuleName[]).map(treeRule);
}

/** One rule by name. */
export function treeRule(name: TreeRuleName): Rule {
  return { ...TABLE[name], name, area: 'tree' };
}
