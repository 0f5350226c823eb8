#!/usr/bin/env node
/**
 * `fuzz-worker TARGET SEED FIRST`: runs inputs FIRST, FIRST + 1, … of a target without end. Before each its number goes to file
 * descriptor 3, so that whoever watches knows which one hung or killed the process. An input that fails ends the process with the reason
 * on standard error.
 */
import { writeSync } from 'node:fs';
import { Random } from './fuzz-random.mjs';
import { MEMORY_LIMIT, TARGETS, TIME_LIMIT_MS } from './fuzz-targets.mjs';

const [name, seed, first] = process.argv.slice(2);
const { make, run } = TARGETS[name];
for (let index = Number(first); ; index++) {
  const input = make(new Random(Number(seed), index));
  writeSync(3, `${index}\n`);
  // CPU time: a busy machine is no finding.
  const before = process.cpuUsage();
  await run(input);
  const { user, system } = process.cpuUsage(before);
  const ms = Math.round((user + system) / 1000);
  if (ms > TIME_LIMIT_MS) throw new Error(`${ms} ms`);
  const { rss } = process.memoryUsage();
  if (rss > MEMORY_LIMIT) throw new Error(`${Math.round(rss / 2 ** 20)} MiB resident`);
}
