/** Files that `kho-abi init` writes into a kernel tree, so that its CI runs `kho-abi tree`. */
import { loadTreeMap, type TreeMap } from '../abi/index.js';
import { GITHUB_WORKFLOW, GITLAB_JOB, MAKEFILE } from './init-templates.js';

/** Systems that a tree can be checked by. */
export const INIT_CI = ['github', 'gitlab', 'make', 'none'] as const;

/** One of `INIT_CI`. */
export type InitCi = (typeof INIT_CI)[number];

/** A file for the tree. */
export interface InitFile {
  /** Relative to the root of the tree. */
  readonly path: string;
  readonly text: string;
  /** What is left to do by hand; one sentence each. */
  readonly todo: readonly string[];
}

/** Reference of an action: `owner/repository@ref`, or with a folder. */
export const ACTION = /^[\w.-]+\/[\w.-]+(\/[\w./-]+)?@[\w./-]+$/;

/**
 * The file for a CI system, or none.
 *
 * @param action where the action is, as `uses:` has it; without it the workflow checks kho-abi out from a repository that a
 *   variable of the repository names
 */
export function initFiles(ci: InitCi, action?: string, map: TreeMap = loadTreeMap()): InitFile[] {
  const watched = watchedPaths(map);
  if (ci === 'github') {
    const path = '.github/workflows/kho-abi.yml';
    const text = GITHUB_WORKFLOW.replace('@PATHS@', yamlList([...watched, path], 6))
      .replace('@CHECKOUT@\n', action === undefined ? CHECKOUT : '')
      .replaceAll('@ACTION@', action ?? './.kho-abi');
    const todo =
      action === undefined
        ? [
            'set the repository variable KHO_ABI_REPOSITORY to owner/name of the repository that holds kho-abi',
          ]
        : [];
    return [{ path, text, todo }];
  }
  if (ci === 'gitlab') {
    const path = '.gitlab/kho-abi.yml';
    return [
      {
        path,
        text: GITLAB_JOB.replace('@PATHS@', yamlList([...watched, path].map(gitlabGlob), 8)),
        todo: [
          `add to .gitlab-ci.yml: include: [{ local: ${path} }]`,
          'set the CI/CD variable KHO_ABI_URL to the address that kho-abi is cloned from',
        ],
      },
    ];
  }
  if (ci === 'make')
    return [
      {
        path: 'scripts/Makefile.kho-abi',
        text: MAKEFILE,
        todo: [
          'run it with: make -f scripts/Makefile.kho-abi kho-abi-check',
          'for a plain `make kho-abi-check` add to the top Makefile: include $(srctree)/scripts/Makefile.kho-abi',
        ],
      },
    ];
  return [];
}

/** Patterns of the files that may change the ABI: a folder or the beginning of a name gets `**`. */
export function watchedPaths({ headers }: TreeMap): string[] {
  const all = [...headers.abi, ...headers.other].map((path) => (/\.[ch]$/.test(path) ? path : `${path}**`));
  // What another pattern covers need not be named.
  return all.filter(
    (path, index) =>
      all.indexOf(path) === index &&
      !all.some((other) => other !== path && other.endsWith('**') && path.startsWith(other.slice(0, -2))),
  );
}

/** GitLab's `**` stands for whole folders, its `*` for a part of a name. */
function gitlabGlob(pattern: string): string {
  return pattern.endsWith('/**') ? `${pattern}/*` : pattern.replace(/\*\*$/, '*');
}

function yamlList(items: readonly string[], indent: number): string {
  return items.map((item) => `${' '.repeat(indent)}- '${item}'`).join('\n');
}

const CHECKOUT = `      - uses: actions/checkout@v4
        with:
          repository: \${{ vars.KHO_ABI_REPOSITORY }}
          path: .kho-abi
          persist-credentials: false
`;
