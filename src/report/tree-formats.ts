import { stripVTControlCharacters } from 'node:util';
import type { TreeReport } from '../kernel/index.js';
import { treeGithub } from './tree-github.js';
import { treeJson } from './tree-json.js';
import { treeJunit } from './tree-junit.js';
import { treeKtap } from './tree-ktap.js';
import { treeMail } from './tree-mail.js';
import { treeMarkdown } from './tree-markdown.js';
import { type TreeView, treeView } from './tree-parts.js';
import { treeSarif } from './tree-sarif.js';
import { treeText } from './tree-text.js';

/** Output formats of a tree report, with a line for each that `--help` may show. */
export const TREE_FORMATS = {
  text: 'for a terminal: verdict, components, findings with file and line, known formats',
  json: 'all of it as data; abi/schema/tree.schema.json describes it',
  sarif: 'SARIF 2.1.0, for code scanning and editors',
  junit: 'JUnit XML: one test case for each component and target, and for each rule of headers',
  ktap: 'KTAP version 1: the same tests, as the kernel tests write them',
  github: 'workflow commands of GitHub Actions: an annotation in its line for each finding',
  markdown: 'tables for a comment or a job summary',
  mail: 'a reply for a mailing list: what changed, for which page sizes, what to raise and where',
} as const;

/** Name of an output format of `kho-abi tree`. */
export type TreeFormat = keyof typeof TREE_FORMATS;

const RENDERERS: Record<TreeFormat, (view: TreeView) => string> = {
  text: treeText,
  json: treeJson,
  sarif: treeSarif,
  junit: treeJunit,
  ktap: treeKtap,
  github: treeGithub,
  markdown: treeMarkdown,
  mail: treeMail,
};

/**
 * A tree report in a format; the text ends with a line end. Only `text` has colours, and only where standard output takes them.
 *
 * @param options `colour: false` for text that goes to a file
 */
export function renderTree(
  format: TreeFormat,
  report: TreeReport,
  options: { colour?: boolean } = {},
): string {
  const text = RENDERERS[format](treeView(report));
  return options.colour === false && format === 'text' ? stripVTControlCharacters(text) : text;
}
