/** What the README shows is what a user gets: its files are written, its commands and programs run, their output compared. */
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../support/cli.js';

const ROOT = join(import.meta.dirname, '../..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

/** A fenced block. Its first line is the language, and a file name where the reader is to save it. */
interface Block {
  readonly language: string;
  readonly file: string | undefined;
  readonly text: string;
}

/** A command of a `console` block and what it prints; a line `...`, or `...` at the end of a line, stands for anything. */
interface Step {
  readonly command: string;
  readonly output: readonly string[];
}

const BLOCKS: Block[] = [...README.matchAll(/^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm)].map(
  ([, language, file, text]) => ({ language: language!, file, text: text! }),
);

const STEPS: Step[] = BLOCKS.filter(({ language }) => language === 'console').flatMap(({ text }) =>
  text
    .trimEnd()
    .split(/^\$ /m)
    .slice(1)
    .map((step) => {
      const [command, ...output] = step.trimEnd().split('\n');
      return { command: command!, output };
    }),
);

/** The version of dtc is that of the machine. */
function normal(text: string): string {
  return text.replace(/\bdtc \d+\.\d+\.\d+/g, 'dtc VERSION').trimEnd();
}

function pattern(lines: readonly string[]): RegExp {
  const parts = lines.map((line) => {
    if (line === '...') return '(?:.*\\n)*?';
    const open = line.endsWith(' ...');
    const fixed = normal(open ? line.slice(0, -4) : line).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    return `${fixed}${open ? '.*' : ''}\\n`;
  });
  return new RegExp(`^${parts.join('')}$`);
}

describe('the README', () => {
  let folder: string;
  let env: Record<string, string>;

  beforeAll(() => {
    folder = temporaryFolder();
    mkdirSync(join(folder, 'node_modules'));
    mkdirSync(join(folder, 'bin'));
    symlinkSync(ROOT, join(folder, 'node_modules/kho-abi'));
    symlinkSync(join(ROOT, 'golden'), join(folder, 'golden'));
    const program = join(folder, 'bin/kho-abi');
    writeFileSync(
      program,
      `#!/bin/sh\nexec "${process.execPath}" "${join(ROOT, 'dist/cli/main.js')}" "$@"\n`,
    );
    chmodSync(program, 0o755);
    env = { NO_COLOR: '1', PATH: `${join(folder, 'bin')}${delimiter}${process.env.PATH}` };
    for (const { file, text } of BLOCKS) if (file !== undefined) writeFileSync(join(folder, file), text);
  });

  test('has a tour and two programs of about ten lines', () => {
    expect(STEPS.length).toBeGreaterThanOrEqual(9);
    const programs = BLOCKS.filter(({ language }) => language === 'js');
    expect(programs).toHaveLength(2);
    for (const { text } of programs) expect(text.trim().split('\n').length).toBeLessThanOrEqual(11);
    expect(README.split('\n').length).toBeLessThanOrEqual(600);
  });

  test('the file of every link is there', () => {
    const links = [...README.matchAll(/\]\(([^)#:]+)\)/g)].map(([, link]) => link!);
    expect(links.length).toBeGreaterThan(5);
    for (const link of links) expect(() => readFileSync(join(ROOT, link)), link).not.toThrow();
  });

  // In order: a command may use what an earlier one wrote.
  test.each(STEPS)('$command', async ({ command, output }) => {
    const { stdout, stderr } = await execa('sh', ['-c', command], { cwd: folder, env });
    expect(stderr).toBe('');
    expect(`${normal(stdout)}\n`).toMatch(pattern(output));
  });
});
