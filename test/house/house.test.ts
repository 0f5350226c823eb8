/** The house rules that a program can check. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');

function files(folder: string, ending: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
}

/** Floors from the ground up; a folder may import from those before it, and from nothing beside or above it. */
const FLOORS = [
  ['bytes'],
  ['fdt', 'memory'],
  ['abi'],
  ['map', 'vmalloc'],
  ['clients'],
  ['handover'],
  ['golden', 'receive', 'validate', 'boot'],
  ['kernel'],
  ['report'],
  ['cli'],
];

describe('floors', () => {
  const floorOf = (folder: string): number => FLOORS.findIndex((floor) => floor.includes(folder));

  test('every folder has a floor', () => {
    const folders = readdirSync(join(ROOT, 'src'), { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    expect(folders.map(({ name }) => name).sort()).toEqual(FLOORS.flat().sort());
  });

  test.each(files('src', '.ts'))('%s imports only downward, and through the door', (file) => {
    const [, folder] = file.split('/');
    for (const { fileName } of ts.preProcessFile(readFileSync(join(ROOT, file), 'utf8')).importedFiles) {
      if (!fileName.startsWith('.')) continue;
      const target = join(file, '..', fileName);
      const [, other] = target.split('/');
      if (other === folder || !file.includes('/', 4)) continue;
      expect(target, `${file} must use the index of ${other}`).toBe(`src/${other}/index.js`);
      expect(floorOf(other!), `${file} imports ${other}`).toBeLessThan(floorOf(folder!));
    }
  });

  test('fdt knows nothing of KHO', () => {
    for (const file of files('src/fdt', '.ts')) {
      const code = readFileSync(join(ROOT, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
      expect(code, file).not.toMatch(/\bkho\b/i);
    }
  });

  test('no code tests the name of an ABI', () => {
    for (const file of files('src', '.ts')) {
      const code = readFileSync(join(ROOT, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
      expect(code, file).not.toMatch(/[=!]==? *'kho-v|case 'kho-v/);
    }
  });
});

describe('sources', () => {
  const all = [...files('src', '.ts'), ...files('scripts', '.mjs'), ...files('test/witness', '.c')];

  test.each(all)('%s is one concept, short enough to read', (file) => {
    expect(readFileSync(join(ROOT, file), 'utf8').split('\n').length).toBeLessThanOrEqual(300);
  });

  test('every exported name of the library has a doc comment', () => {
    const missing: string[] = [];
    for (const file of files('src', '.ts').filter((name) => !name.startsWith('src/cli/'))) {
      const source = ts.createSourceFile(
        file,
        readFileSync(join(ROOT, file), 'utf8'),
        ts.ScriptTarget.Latest,
        true,
      );
      for (const statement of source.statements) {
        if (!ts.canHaveModifiers(statement)) continue;
        if (!ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) continue;
        // Neighbouring one-line constants and types may share the comment of the first.
        const shared = /^export (const|type) [^\n]*;$/.test(statement.getText());
        if (shared || ts.getJSDocCommentsAndTags(statement).length > 0) continue;
        missing.push(`${file}: ${statement.getText().slice(0, 60).split('\n')[0]}`);
      }
    }
    expect(missing).toEqual([]);
  });

  test('no test is skipped, and none stands alone', () => {
    for (const file of files('test', '.test.ts')) {
      expect(readFileSync(join(ROOT, file), 'utf8'), file).not.toMatch(
        /\b(it|test|describe)\.(only|skip|todo)\(/,
      );
    }
  });
});
