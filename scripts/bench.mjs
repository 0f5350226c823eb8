#!/usr/bin/env node
/**
 * Runs the benchmarks, TypeScript and C in turn, and prints a table of medians of five. `--only NAME` takes one of them (may be
 * repeated); `-o FILE` is where the JSON goes, build/bench.json else. Being over a limit is shown and is not a failure.
 *
 * Exit status: 0 it ran, 1 it failed or the two sides gave different results, 3 the C compiler or libfdt is missing.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { arch } from 'node:os';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import ora from 'ora';
import { CASES } from './lib/bench-cases.mjs';
import { hostWitness, MissingTool } from './lib/witness-build.mjs';

const COLUMNS = [
  ['name', 13],
  ['what', 49],
  ['TypeScript', 12],
  ['C or tool', 12],
  ['figure', 11],
  ['limit', 14],
  ['', 6],
];
const progress = ora({ stream: process.stderr, isSilent: !process.stderr.isTTY });

try {
  await main();
} catch (error) {
  progress.stop();
  const missing = error instanceof MissingTool;
  console.error(
    missing
      ? 'bench: gcc or libfdt is missing; Debian, Ubuntu: apt-get install gcc libc6-dev libfdt-dev'
      : `bench: ${error.message}`,
  );
  process.exitCode = missing ? 3 : 1;
}

async function main() {
  const { values: options } = parseArgs({
    options: {
      output: { type: 'string', short: 'o', default: 'build/bench.json' },
      only: { type: 'string', multiple: true },
    },
  });
  const unknown = options.only?.find((name) => !CASES.some((one) => one.name === name));
  if (unknown !== undefined)
    throw new Error(`no benchmark ${unknown}; there are ${CASES.map(({ name }) => name).join(', ')}`);
  const cases = CASES.filter(({ name }) => options.only?.includes(name) ?? true);

  let witness;
  const context = {
    witness: () => {
      witness ??= hostWitness(12);
      return witness;
    },
  };
  const rows = [];
  print(COLUMNS.map(([head]) => head));
  for (const { name, title, run } of cases) {
    progress.start(name);
    let row;
    try {
      row = await run(context);
    } catch (error) {
      if (!(error instanceof MissingTool)) error.message = `${name}: ${error.message}`;
      throw error;
    }
    progress.stop();
    rows.push({ name, title, ...row });
    print([
      name,
      title,
      shown(row.ours),
      shown(row.theirs),
      shown(row.figure),
      limitShown(row.limit),
      row.ok ? 'ok' : 'over',
      row.note ?? '',
    ]);
  }
  mkdirSync(dirname(options.output), { recursive: true });
  const result = { node: process.version, arch: arch(), rounds: 'medians of five, in turn', rows };
  writeFileSync(options.output, `${JSON.stringify(result, undefined, 2)}\n`);
  const over = rows.filter(({ ok }) => !ok).map(({ name }) => name);
  console.log(over.length === 0 ? 'all within their limits' : `over the limit: ${over.join(', ')}`);
}

function print(texts) {
  console.log(
    texts
      .map((text, index) => text.padEnd(COLUMNS[index]?.[1] ?? 0))
      .join('')
      .trimEnd(),
  );
}

function shown(quantity) {
  if (quantity === undefined) return '-';
  const { value, unit } = quantity;
  return `${value.toFixed(value < 1 ? 4 : 2)} ${unit}`.trimEnd();
}

function limitShown({ most, least, unit }) {
  return `${most === undefined ? '>=' : '<='} ${most ?? least} ${unit}`.trimEnd();
}
