import { existsSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { z } from 'zod';
import { KhoError, readWholeFile, sha256 } from '../bytes/index.js';
import { PROVENANCE, type Provenance } from './provenance.js';

const entrySchema = z.strictObject({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  size: z.int().min(0),
  provenance: z.array(z.enum(PROVENANCE)).min(1),
  command: z.string(),
});

const manifestSchema = z.strictObject({ format: z.literal(1), files: z.record(z.string(), entrySchema) });

export type ManifestEntry = z.infer<typeof entrySchema>;
export type Manifest = z.infer<typeof manifestSchema>;

const NAME = 'manifest.json';

/** Reads golden/manifest.json. @throws KhoError `E_GOLDEN` when it is missing or damaged */
export function readManifest(folder: string): Manifest {
  const path = join(folder, NAME);
  if (!existsSync(path)) throw new KhoError('E_GOLDEN', 'no manifest', { source: path });
  try {
    return manifestSchema.parse(JSON.parse(Buffer.from(readWholeFile(path)).toString('utf8')));
  } catch (error) {
    if (error instanceof KhoError) throw error;
    throw new KhoError('E_GOLDEN', 'damaged manifest', {
      source: path,
      cause: error,
      hint: (error as Error).message.slice(0, 300),
    });
  }
}

/** Text of a manifest: files in order, provenance strongest first. */
export function manifestText(files: ReadonlyMap<string, ManifestEntry>): string {
  const sorted = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  return `${JSON.stringify({ format: 1, files: Object.fromEntries(sorted) }, undefined, 1)}\n`;
}

/** All files of a golden folder but the manifest, as paths with slashes. */
export function listFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => path !== NAME)
    .sort();
}

/** Entry of a file that is not made by the encoder: what it is follows from where it stands. */
export function foreignEntry(folder: string, path: string): ManifestEntry | undefined {
  const rule = FOREIGN.find(({ prefix }) => path.startsWith(prefix));
  if (rule === undefined) return undefined;
  const bytes = readWholeFile(join(folder, path));
  return { sha256: sha256(bytes), size: bytes.length, provenance: [rule.provenance], command: rule.command };
}

const FOREIGN: readonly { prefix: string; provenance: Provenance; command: string }[] = [
  { prefix: 'README.md', provenance: 'input', command: 'written by hand' },
  { prefix: 'scenarios/', provenance: 'input', command: 'written by hand' },
  { prefix: 'documented/', provenance: 'documented', command: 'written by hand' },
  {
    prefix: 'kernel-code/',
    provenance: 'kernel-code',
    command: 'node scripts/import-oracle.mjs ORACLE_FOLDER',
  },
  { prefix: 'captures/README.md', provenance: 'input', command: 'written by hand' },
  ...['captures/replays.', 'captures/predictions.', 'replays/'].map((prefix) => ({
    prefix,
    provenance: 'kernel' as const,
    command: 'npm run kernel:judge -- --accept',
  })),
  {
    prefix: 'captures/',
    provenance: 'kernel',
    command: 'copied from a running kernel; see captures/README.md',
  },
  { prefix: 'witness.json', provenance: 'witness', command: 'npm run witness -- --accept' },
];

/** SHA-256 by golden path of what the C witness wrote. */
export function readWitnessRecord(folder: string): ReadonlyMap<string, string> {
  const path = join(folder, 'witness.json');
  if (!existsSync(path)) return new Map();
  try {
    const data: unknown = JSON.parse(Buffer.from(readWholeFile(path)).toString('utf8'));
    return new Map(Object.entries(z.record(z.string(), z.string()).parse(data)));
  } catch (error) {
    throw new KhoError('E_GOLDEN', 'damaged witness record', { source: path, cause: error });
  }
}
