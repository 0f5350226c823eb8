import type { Finding, ValidationReport } from '../validate/index.js';
import { addressText } from './findings-parts.js';
import { asciiJson } from './findings-safe.js';
import type { FindingsReport } from './findings-schema.js';

/** A validation report as JSON text; `abi/schema/findings.schema.json` describes it. */
export function findingsJson(report: ValidationReport): string {
  return asciiJson(findingsReport(report));
}

/** A validation report as plain data: every member is there, null where it is not known; addresses are hex strings. */
export function findingsReport(report: ValidationReport): FindingsReport {
  const { tool, dtc, started, subject, counts, verdict, receiver } = report;
  return {
    tool: { name: tool.name, version: tool.version },
    dtc,
    started,
    inputs: report.inputs.map(({ path, kind, bytes, sha256, noHash }) => ({
      path,
      kind,
      bytes,
      sha256,
      noHash: noHash ?? null,
    })),
    subject: {
      abi: subject.abi,
      byteOrder: subject.byteOrder,
      pageSize: subject.pageSize,
      fdtAddress: addressText(subject.fdtAddress),
    },
    rules: report.rules.map(({ rule, run, skipped, counts: found, shown, suppressed }) => ({
      id: rule.id,
      name: rule.name,
      area: rule.area,
      title: rule.title,
      severity: rule.severity,
      run,
      skipped: skipped ?? null,
      counts: { error: found.error, warning: found.warning, note: found.note },
      shown,
      suppressed,
    })),
    findings: report.findings.map(findingData),
    suppressed: report.suppressed.map(({ finding, reason, expires }) => ({
      finding: findingData(finding),
      reason,
      expires,
    })),
    problems: report.problems.map(({ kind, message, place }) => ({ kind, message, place: place ?? null })),
    counts: { error: counts.error, warning: counts.warning, note: counts.note },
    verdict,
    receiver,
  };
}

function findingData(finding: Finding): FindingsReport['findings'][number] {
  return {
    rule: finding.rule,
    severity: finding.severity,
    message: finding.message,
    input: finding.input,
    path: finding.path ?? null,
    offset: finding.offset ?? null,
    address: addressText(finding.address),
    length: finding.length ?? null,
    window: (finding.window ?? []).map(({ text, mark }) => ({
      text,
      mark: mark === undefined ? null : { from: mark.from, to: mark.to },
    })),
    found: finding.found ?? null,
    expected: finding.expected ?? null,
    hint: finding.hint ?? null,
    erratum: finding.erratum ?? null,
  };
}
