#!/usr/bin/env node
import { CommanderError } from 'commander';
import { KhoError } from '../bytes/index.js';
import { buildProgram } from './program.js';

/** Exit status for a failure of the tool itself. */
const TOOL_FAILED = 1;
const USAGE = 2;

// A reader that closes the pipe early (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  await buildProgram().parseAsync(process.argv);
} catch (error) {
  process.exitCode = report(error);
}

/** Prints an error for people and gives the exit status: the same for every command and format. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
  if (error instanceof KhoError) {
    process.stderr.write(`kho-abi: ${error.code}: ${error.message}\n`);
    for (const line of error.details.window ?? []) process.stderr.write(`  ${line}\n`);
    return error.exitStatus;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`kho-abi: internal error, please report it:\n${text}\n`);
  return TOOL_FAILED;
}
