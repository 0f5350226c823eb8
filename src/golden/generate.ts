import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createTwoFilesPatch } from 'diff';
import { hexdumpLine, readWholeFile, sha256, writeFileWhole } from '../bytes/index.js';
import { encodeCell } from './cell.js';
import { cellsOf, GOLDEN_FOLDER } from './corpus.js';
import { foreignEntry, listFiles, type ManifestEntry, manifestText, readManifest } from './manifest.js';
import { Tally } from './tally.js';
import { Sources } from './verify.js';

/** One file that would change. */
export interface GoldenChange {
  readonly path: string;
  readonly kind: 'new' | 'changed' | 'removed' | 'listed' | 'hash changed';
  /** Unified diff of the text, or of a hexdump of binary files; cut when long. */
  readonly patch: string;
}

/** What a generation did, or would do. */
export interface GenerateResult {
  readonly cells: number;
  readonly changes: readonly GoldenChange[];
  readonly written: boolean;
}

const PATCH_LINES = 40;

/**
 * Encodes every cell and compares it with the golden folder. Nothing is written unless `accept` is set; then changed files,
 * and files that no scenario makes any more, are brought up to date together with the manifest.
 */
export function generateGolden(options: { folder?: string; accept: boolean }): GenerateResult {
  const folder = options.folder ?? GOLDEN_FOLDER;
  const cells = cellsOf(folder);
  const sources = new Sources(folder);
  const manifest = existsSync(join(folder, 'manifest.json')) ? readManifest(folder) : undefined;
  const wanted = new Map<string, Uint8Array>();
  const entries = new Map<string, ManifestEntry>();
  for (const cell of cells) {
    const made = encodeCell(cell);
    const proven = sources.prove(cell, made, new Tally());
    for (const [name, bytes] of made.files) {
      const path = `${cell.path}/${name}`;
      wanted.set(path, bytes);
      entries.set(path, {
        sha256: sha256(bytes),
        size: bytes.length,
        provenance: proven.get(name)!,
        command: 'kho-abi golden generate --accept',
      });
    }
  }
  const changes: GoldenChange[] = [];
  for (const [path, bytes] of wanted) {
    const file = join(folder, path);
    if (!existsSync(file)) changes.push({ path, kind: 'new', patch: '' });
    else {
      const old = readWholeFile(file);
      if (Buffer.compare(old, bytes) !== 0)
        changes.push({ path, kind: 'changed', patch: patch(path, old, bytes) });
    }
  }
  for (const path of listFiles(folder)) {
    if (wanted.has(path)) continue;
    const entry = foreignEntry(folder, path);
    if (entry === undefined) changes.push({ path, kind: 'removed', patch: '' });
    else {
      entries.set(path, entry);
      const listed = manifest?.files[path];
      // Files that others wrote are only listed, never written.
      if (listed?.sha256 !== entry.sha256)
        changes.push({ path, kind: listed === undefined ? 'listed' : 'hash changed', patch: '' });
    }
  }
  if (options.accept) {
    for (const { path, kind } of changes) {
      if (kind === 'removed') rmSync(join(folder, path));
      else if (wanted.has(path)) writeFileWhole(join(folder, path), wanted.get(path)!);
    }
    writeFileWhole(join(folder, 'manifest.json'), manifestText(entries));
  }
  return { cells: cells.length, changes, written: options.accept };
}

/** A diff that a person can review: of lines, or of hexdump lines where the file is binary. */
function patch(path: string, old: Uint8Array, bytes: Uint8Array): string {
  const text = (data: Uint8Array): string =>
    path.endsWith('.dtb') ? hexLines(data) : Buffer.from(data).toString('utf8');
  const lines = createTwoFilesPatch(`golden/${path}`, 'encoded now', text(old), text(bytes), '', '', {
    context: 2,
  }).split('\n');
  const shown = lines.slice(1, PATCH_LINES + 1);
  if (lines.length > PATCH_LINES + 1) shown.push(`(${lines.length - PATCH_LINES - 1} more lines)`);
  return shown.join('\n');
}

function hexLines(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16)
    lines.push(hexdumpLine(BigInt(at), bytes.subarray(at, at + 16)));
  return `${lines.join('\n')}\n`;
}
