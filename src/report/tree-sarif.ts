/** SARIF 2.1.0: findings stand in lines of headers, so that code scanning shows them in the diff of a pull request. */

import { printable } from '../bytes/index.js';
import { CANNOT_SEE, type TreeFinding, type TreeReport, treeRules } from '../kernel/index.js';
import { asciiJson, sarifText } from './findings-safe.js';
import { Fingerprints, fileUri, SCHEMA, sarifRule } from './findings-sarif.js';
import { fromHere, headline, messageText, type TreeView, treeDetails } from './tree-parts.js';

type Json = Record<string, unknown>;

/** A tree report as a SARIF log with one run. */
export function treeSarif(view: TreeView): string {
  const { report, findings } = view;
  const { tool, tree, against } = report;
  const rules = treeRules();
  const prints = new Fingerprints();
  return asciiJson({
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: tool.name, version: tool.version, rules: rules.map(sarifRule) } },
        // Two runs on one commit, against the base and against the baseline, must not replace each other.
        automationDetails: { id: `kho-abi-tree/${against?.kind ?? 'none'}/` },
        invocations: [invocation(view)],
        artifacts: report.headers.map(({ path, bytes, sha256 }) => ({
          location: location(report, path),
          length: bytes,
          roles: ['analysisTarget'],
          hashes: { 'sha-256': sha256 },
        })),
        results: findings.map((finding) => ({
          ruleId: finding.rule,
          ruleIndex: rules.findIndex(({ id }) => id === finding.rule),
          level: finding.severity,
          kind: 'fail',
          message: { text: sarifText(sentence(finding)) },
          locations: locations(report, finding),
          partialFingerprints: { 'khoItem/v1': prints.of(finding.rule, itemKey(finding)) },
          properties: {
            component: finding.component,
            item: finding.item,
            targets: [...finding.targets],
            details: treeDetails(finding).map(([name, text]) => `${name}: ${text}`),
          },
        })),
        properties: {
          tree: tree.path,
          revision: tree.revision,
          release: tree.release,
          against: against === null ? null : { ...against },
          targets: [...report.targets],
        },
      },
    ],
  });
}

/** The whole of a finding in one text: code scanning shows nothing else. */
function sentence(finding: TreeFinding): string {
  const details = treeDetails(finding).map(
    ([name, text]) => ` ${name[0]!.toUpperCase()}${name.slice(1)}: ${text}.`,
  );
  return `${messageText(finding)}.${details.join('')}`;
}

function itemKey({ component, item, targets, place }: TreeFinding): string {
  return [component ?? '', item ?? place?.file ?? '', targets.join(' ')].join('\n');
}

function location(report: TreeReport, file: string): Json {
  return { uri: fileUri(fromHere(report, file)), uriBaseId: '%SRCROOT%' };
}

function locations(report: TreeReport, { place, item }: TreeFinding): Json[] {
  const logical =
    item === null ? {} : { logicalLocations: [{ fullyQualifiedName: printable(item), kind: 'type' }] };
  if (place === null) return item === null ? [] : [logical];
  const index = report.headers.findIndex(({ path }) => path === place.file);
  return [
    {
      physicalLocation: {
        artifactLocation: { ...location(report, place.file), ...(index < 0 ? {} : { index }) },
        region: { startLine: place.line },
      },
      ...logical,
    },
  ];
}

function invocation(view: TreeView): Json {
  const note = (text: string, level: 'note' | 'warning' = 'note'): Json => ({
    level,
    message: { text: sarifText(text) },
  });
  return {
    executionSuccessful: true,
    exitCodeDescription: printable(headline(view)),
    toolExecutionNotifications: [
      ...view.report.notes.map(({ place, text }) => note(`${place.file}:${place.line}: ${text}`)),
      ...CANNOT_SEE.map((text) => note(`headers cannot show ${text}`)),
    ],
  };
}
