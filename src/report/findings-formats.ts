import { stripVTControlCharacters } from 'node:util';
import type { ValidationReport } from '../validate/index.js';
import { findingsGithub } from './findings-github.js';
import { findingsJson } from './findings-json.js';
import { findingsJunit } from './findings-junit.js';
import { findingsKtap } from './findings-ktap.js';
import { findingsMarkdown } from './findings-markdown.js';
import { findingsSarif } from './findings-sarif.js';
import { findingsText } from './findings-text.js';

/** Output formats of a validation, with a line for each that `--help` may show. */
export const FORMATS = {
  text: 'for a terminal: findings with the bytes they mean, rules, counts, verdict',
  json: 'all of it as data; abi/schema/findings.schema.json describes it',
  sarif: 'SARIF 2.1.0, for code scanning and editors',
  junit: 'JUnit XML: one test case for each rule',
  ktap: 'KTAP version 1, as the kernel tests write it: one test for each rule',
  github: 'workflow commands of GitHub Actions: one annotation for each finding',
  markdown: 'tables for a mail or a comment',
} as const;

/** Name of an output format. */
export type Format = keyof typeof FORMATS;

const RENDERERS: Record<Format, (report: ValidationReport) => string> = {
  text: findingsText,
  json: findingsJson,
  sarif: findingsSarif,
  junit: findingsJunit,
  ktap: findingsKtap,
  github: findingsGithub,
  markdown: findingsMarkdown,
};

/**
 * A validation report in a format; the text ends with a line end. Only `text` has colours, and only where standard
 * output takes them.
 *
 * @param options `colour: false` for text that goes to a file
 */
export function renderReport(
  format: Format,
  report: ValidationReport,
  options: { colour?: boolean } = {},
): string {
  const text = RENDERERS[format](report);
  return options.colour === false && format === 'text' ? stripVTControlCharacters(text) : text;
}
