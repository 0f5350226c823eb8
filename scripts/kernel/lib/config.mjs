/**
 * Kernel options as the laboratory writes them: NAME=value lines in config/*.config, laid over each other and then over the
 * kernel's own allnoconfig. Pure text work; nothing here runs make.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '../config');

export const ARCHITECTURES = ['x86_64', 'arm64'];
export const PAGE_SIZES = { x86_64: ['4K'], arm64: ['4K', '16K', '64K'] };

/** @returns options of one fragment, in file order. Throws on a line that is neither an option nor a comment. */
export function parseFragment(text, name = 'fragment') {
  const options = new Map();
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const match = /^([A-Z0-9_]+)=(y|n|-?\d+|0x[0-9a-fA-F]+|"[^"]*")$/.exec(line);
    if (match === null) throw new Error(`${name}:${index + 1}: not an option: ${line}`);
    options.set(match[1], match[2]);
  }
  return options;
}

/** Later fragments win. */
export function mergeFragments(...fragments) {
  return new Map(fragments.flatMap((fragment) => [...fragment]));
}

/** Options of one kernel: common, then architecture, then page size, each from its file; then `extra` NAME=value texts. */
export function kernelOptions(arch, pageSize, extra = []) {
  const names = ['common', arch, `${arch}-${pageSize}`].filter((name) =>
    existsSync(join(FOLDER, `${name}.config`)),
  );
  return mergeFragments(
    ...names.map((name) => parseFragment(readFileSync(join(FOLDER, `${name}.config`), 'utf8'), name)),
    parseFragment(extra.join('\n'), '--set'),
  );
}

/** The text that make reads through KCONFIG_ALLCONFIG. */
export function configText(options) {
  return [...options]
    .map(([name, value]) => (value === 'n' ? `# CONFIG_${name} is not set\n` : `CONFIG_${name}=${value}\n`))
    .join('');
}

/**
 * Compares what was asked for with the .config that came out: dependencies that are missing make an option vanish without a word.
 *
 * @returns one line for each option that did not survive; an option that was to be off may be missing
 */
export function lostOptions(options, dotConfig) {
  const found = new Map();
  for (const line of dotConfig.split('\n')) {
    const match = /^CONFIG_([A-Z0-9_a-z]+)=(.*)$/.exec(line);
    if (match !== null) found.set(match[1], match[2]);
  }
  const lost = [];
  for (const [name, value] of options) {
    const now = found.get(name) ?? 'n';
    if (now !== value) lost.push(`${name}=${value} became ${now}`);
  }
  return lost;
}

/** Names a build: the same source, options and compiler give the same key, whatever the order of the options. */
export function cacheKey({ version, arch, pageSize, options, compiler }) {
  const sorted = [...options].sort(([a], [b]) => (a < b ? -1 : 1));
  const hash = createHash('sha256').update(JSON.stringify([version, arch, pageSize, sorted, compiler]));
  return `${arch}-${pageSize}-${hash.digest('hex').slice(0, 16)}`;
}
