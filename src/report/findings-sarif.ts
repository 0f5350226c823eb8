/**
 * SARIF 2.1.0, for code scanning and editors. Findings are in binary files: regions have byte offsets, addresses are
 * physical, and the path inside a blob is a logical location.
 */
import { createHash } from 'node:crypto';
import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { hex, printable } from '../bytes/index.js';
import type { Finding, ReportInput, Rule, Severity, ValidationReport } from '../validate/index.js';
import { addressText, detailRows, ruleName, verdictText, windowLines } from './findings-parts.js';
import { asciiJson, fileName, sarifText } from './findings-safe.js';

/** Schema that a log names. */
export const SCHEMA =
  'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

type Json = Record<string, unknown>;

/** A validation report as a SARIF log with one run. */
export function findingsSarif(report: ValidationReport): string {
  return asciiJson({ $schema: SCHEMA, version: '2.1.0', runs: [sarifRun(report)] });
}

function sarifRun(report: ValidationReport): Json {
  const { tool, dtc, subject, counts } = report;
  const prints = new Fingerprints();
  const result = (finding: Finding, suppressions: Json[]): Json =>
    sarifResult(report, finding, suppressions, prints.of(finding.rule, placeKey(finding)));
  return {
    tool: {
      driver: {
        name: tool.name,
        version: tool.version,
        rules: report.rules.map(({ rule }) => sarifRule(rule)),
      },
    },
    invocations: [invocation(report)],
    artifacts: report.inputs.map(artifact),
    results: [
      ...report.findings.map((finding) => result(finding, [])),
      ...report.suppressed.map(({ finding, reason, expires }) =>
        result(finding, [
          { kind: 'external', status: 'accepted', justification: printable(reason), properties: { expires } },
        ]),
      ),
    ],
    properties: {
      dtc,
      abi: subject.abi,
      byteOrder: subject.byteOrder,
      pageSize: subject.pageSize,
      fdtAddress: addressText(subject.fdtAddress),
      counts: { ...counts },
      verdict: report.verdict,
      receiver: report.receiver,
    },
  };
}

/** A rule as a log describes it. */
export function sarifRule(rule: Rule): Json {
  const { id, name, area, title, severity, reference, explanation, appliesTo } = rule;
  return {
    id,
    name,
    shortDescription: { text: sarifText(`${title}.`) },
    fullDescription: { text: sarifText(explanation) },
    help: {
      text: [`${title}.`, explanation, `Reference: ${reference}.`, `Applies to: ${appliesTo}.`]
        .map(sarifText)
        .join('\n'),
    },
    defaultConfiguration: { level: severity },
    properties: { area, reference, appliesTo, tags: ['kho', area] },
  };
}

/** What ran and what did not: skipped rules and capped rules are notes, problems are errors of the configuration. */
function invocation(report: ValidationReport): Json {
  const note = (text: string, level: Severity = 'note'): Json => ({
    level,
    message: { text: sarifText(text) },
  });
  const skipped = report.rules
    .filter(({ run }) => !run)
    .map((result) => note(`${ruleName(result.rule)} did not run: ${result.skipped ?? 'not reached'}`));
  const capped = report.rules
    .filter(({ shown, total }) => shown < total)
    .map(({ rule, shown, total }) => note(`${ruleName(rule)}: ${shown} of ${total} findings are listed`));
  return {
    executionSuccessful: true,
    exitCodeDescription: verdictText(report),
    ...(report.started === null ? {} : { startTimeUtc: report.started }),
    toolExecutionNotifications: [...skipped, ...capped],
    toolConfigurationNotifications: report.problems.map(({ kind, message, place }) =>
      note(`${place === undefined ? '' : `${place}: `}${kind}: ${message}`, 'error'),
    ),
  };
}

function artifact({ path, kind, bytes, sha256, noHash }: ReportInput): Json {
  return {
    location: { uri: fileUri(path) },
    description: { text: sarifText(kind) },
    length: bytes,
    roles: ['analysisTarget'],
    ...(sha256 === null ? { properties: { noHash: noHash ?? null } } : { hashes: { 'sha-256': sha256 } }),
  };
}

function sarifResult(
  report: ValidationReport,
  finding: Finding,
  suppressions: Json[],
  fingerprint: string,
): Json {
  const { rule, severity, message } = finding;
  const window = windowLines(finding);
  const ruleIndex = report.rules.findIndex((result) => result.rule.id === rule);
  return {
    ruleId: rule,
    ...(ruleIndex < 0 ? {} : { ruleIndex }),
    level: severity,
    kind: 'fail',
    message: { text: sarifText(message) },
    locations: [sarifLocation(report, finding)],
    partialFingerprints: { 'khoPlace/v1': fingerprint },
    suppressions,
    properties: {
      ...Object.fromEntries(detailRows(finding)),
      ...(window.length === 0 ? {} : { window }),
    },
  };
}

function sarifLocation({ inputs }: ValidationReport, finding: Finding): Json {
  const { input, path, offset, address, length } = finding;
  const entry = inputs[input];
  const physical = {
    ...(entry === undefined ? {} : { artifactLocation: { uri: fileUri(entry.path), index: input } }),
    ...(offset === undefined
      ? {}
      : { region: { byteOffset: offset, ...(length === undefined ? {} : { byteLength: length }) } }),
    ...(address === undefined ? {} : { address: sarifAddress(address, length) }),
  };
  return {
    ...(Object.keys(physical).length === 0 ? {} : { physicalLocation: physical }),
    ...(path === undefined
      ? {}
      : { logicalLocations: [{ fullyQualifiedName: printable(path), kind: 'member' }] }),
  };
}

/** SARIF has addresses as JSON numbers; above 2^53 these are not exact, so there only the name tells it. */
function sarifAddress(address: bigint, length: number | undefined): Json {
  return {
    ...(address <= BigInt(Number.MAX_SAFE_INTEGER) ? { absoluteAddress: Number(address) } : {}),
    ...(length === undefined ? {} : { length }),
    kind: 'data',
    fullyQualifiedName: `physical ${hex(address)}`,
  };
}

/** A file name as URI: relative ones stay relative, so that a log may be read on another machine. */
export function fileUri(path: string): string {
  const name = fileName(path);
  return isAbsolute(name) ? pathToFileURL(name).href : name.split('/').map(encodeURIComponent).join('/');
}

function placeKey({ path, offset, address }: Finding): string {
  return path ?? (address === undefined ? `offset ${offset ?? 'none'}` : `address ${hex(address)}`);
}

/**
 * Names of findings that stay the same from run to run: made of the rule and the place, not of file names or of the
 * wording. A second finding of a rule at one place gets a number.
 */
export class Fingerprints {
  readonly #seen = new Map<string, number>();

  /** @param place what is meant, in words that a moved line or another wording does not change */
  of(rule: string, place: string): string {
    const digest = createHash('sha256').update(`${rule}\n${place}`).digest('hex').slice(0, 32);
    const count = (this.#seen.get(digest) ?? 0) + 1;
    this.#seen.set(digest, count);
    return `${digest}:${count}`;
  }
}
