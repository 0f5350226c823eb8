#!/usr/bin/env node
/**
 * Fuzzes every reader with inputs that are almost right, each kind in a process of its own with bounded memory, for some minutes.
 *
 *   npm run fuzz -- [--minutes N] [--seed S] [--only TARGET] [--input FILE]
 *
 * An input may take at most 2 seconds and leave at most 700 MiB resident; only a KhoError may come out of it. What breaks this is kept
 * in build/fuzz/ as a file, named by target, seed and number; `--only TARGET --input FILE` runs it again. Once it is mended it
 * moves to test/hostile/corpus/TARGET/.
 *
 * Exit status: 0 nothing found, 1 it failed, 4 something was found.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { Random } from './lib/fuzz-random.mjs';
import { TARGETS, TIME_LIMIT_MS } from './lib/fuzz-targets.mjs';

const KEPT = 'build/fuzz';
const HEAP_MIB = 400;
/** Findings of a target after which it is left alone. */
const ENOUGH = 20;
/** The worker counts its own CPU time; making an input, starting up and a busy machine take time too. */
const SLACK_MS = 8000;

const { values: given } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Math.floor(Date.now() / 1000)) },
    only: { type: 'string', multiple: true },
    input: { type: 'string' },
  },
});
const names = given.only ?? Object.keys(TARGETS);
if (names.some((name) => TARGETS[name] === undefined)) {
  console.error(`fuzz: the targets are ${Object.keys(TARGETS).join(', ')}`);
  process.exitCode = 1;
} else if (given.input !== undefined) await TARGETS[names[0]].run(readFileSync(given.input));
else {
  let found = 0;
  const ms = (Number(given.minutes) * 60_000) / names.length;
  for (const name of names) found += await fuzz(name, Number(given.seed), ms);
  process.exitCode = found === 0 ? 0 : 4;
}

async function fuzz(name, seed, ms) {
  const until = Date.now() + ms;
  let next = 0;
  let found = 0;
  while (Date.now() < until && found < ENOUGH) {
    const { at, reason } = await watch(name, seed, next, until);
    next = at + 1;
    if (reason === undefined) break;
    found++;
    mkdirSync(KEPT, { recursive: true });
    const file = `${KEPT}/${name}-${seed}-${at}`;
    writeFileSync(file, TARGETS[name].make(new Random(seed, at)));
    console.log(`${file}: ${reason}`);
  }
  console.log(`${name.padEnd(9)} ${next} inputs, seed ${seed}: ${found} found`);
  return found;
}

/** Runs a worker until it ends, hangs, or time is up; gives the last input and why it was the last. */
function watch(name, seed, first, until) {
  const args = [
    `--max-old-space-size=${HEAP_MIB}`,
    'scripts/lib/fuzz-worker.mjs',
    name,
    String(seed),
    String(first),
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
  let at = first;
  let since = Date.now();
  let reason;
  let stderr = '';
  child.stderr.on('data', (data) => {
    stderr = `${stderr}${data}`.slice(0, 4000);
  });
  createInterface({ input: child.stdio[3] }).on('line', (line) => {
    at = Number(line);
    since = Date.now();
  });
  const timer = setInterval(() => {
    if (Date.now() - since > TIME_LIMIT_MS + SLACK_MS) reason = `longer than ${TIME_LIMIT_MS} ms`;
    if (reason !== undefined || Date.now() > until) child.kill('SIGKILL');
  }, 100);
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      clearInterval(timer);
      if (signal !== 'SIGKILL')
        reason = /^\w*Error: .*$/m.exec(stderr)?.[0] ?? `exit status ${code ?? signal}`;
      resolve({ at, reason });
    });
  });
}
