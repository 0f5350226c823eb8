/** Checks of ABI headers that need no second tree. */
import type { TreeMap } from '../abi/index.js';
import { Components } from './components.js';
import type { TreePrint } from './fingerprint.js';
import type { MarkerPrint } from './fingerprint-schema.js';
import { layoutLints } from './lint-layouts.js';
import type { AbiHeader, CComment, SourcePlace, TreeAbi } from './model.js';
import type { TreeLint } from './tree-report.js';

/** All lints of a tree, by file and line. */
export function lintTree(tree: TreeAbi, { print }: TreePrint, map: TreeMap): TreeLint[] {
  const components = new Components(map);
  const markers = Object.values(print.components).flatMap((component) => component.markers);
  const headers = tree.headers.filter(({ kind }) => kind === 'abi');
  const known = new Set(
    tree.headers.flatMap(({ macros, declarations }) => [
      ...macros.map(({ name }) => name),
      ...declarations.flatMap(({ constants = [] }) => constants),
    ]),
  );
  for (const { layouts } of tree.targets) for (const name of layouts.constants.keys()) known.add(name);
  const lints = [
    ...headers.flatMap((header) => {
      const component = components.ofFile(header.path);
      return [
        ...commentVersions(header, component, markers),
        ...commentMacros(header, component, known, map),
        ...conditions(header, components),
        ...uncovered(header, component, components, markers),
      ];
    }),
    ...layoutLints(tree, print, components),
  ];
  return lints.sort(
    (a, b) =>
      (a.place.file < b.place.file ? -1 : a.place.file > b.place.file ? 1 : 0) || a.place.line - b.place.line,
  );
}

/** Words of a comment that match, with the line on which each stands. */
function* words(comment: CComment, pattern: RegExp): Generator<{ word: string; place: SourcePlace }> {
  for (const [index, line] of comment.text.split('\n').entries()) {
    for (const [word] of line.matchAll(pattern))
      yield { word, place: { file: comment.place.file, line: comment.place.line + index } };
  }
}

/** A version in a comment that is not the macro's: `kho-v3` where the macro says `kho-v4`. */
function commentVersions(header: AbiHeader, component: string, markers: readonly MarkerPrint[]): TreeLint[] {
  const out: TreeLint[] = [];
  for (const comment of header.comments) {
    for (const { word, place } of words(comment, /(?<![\w-])[a-z][a-z0-9-]*-v\d+(?![\w-])/g)) {
      const family = word.replace(/\d+$/, '');
      const own = markers.filter(({ value }) => value.replace(/\d+$/, '') === family);
      if (own.length === 0 || own.some(({ value }) => value === word)) continue;
      const [marker] = own;
      out.push({
        rule: 'comment-version',
        component,
        place,
        message: `a comment says ${word}, ${marker!.macro} says ${marker!.value}`,
        found: word,
        expected: marker!.value,
        hint: 'mend the comment; the macro is on the wire',
      });
    }
  }
  return out;
}

/** A macro that only a comment knows. */
function commentMacros(
  header: AbiHeader,
  component: string,
  known: ReadonlySet<string>,
  map: TreeMap,
): TreeLint[] {
  const pattern = new RegExp(`(?<![\\w])(?:${map.lints.commentMacros})(?![\\w*])`, 'g');
  const out: TreeLint[] = [];
  for (const comment of header.comments) {
    for (const { word, place } of words(comment, pattern)) {
      if (known.has(word)) continue;
      out.push({
        rule: 'comment-macro',
        component,
        place,
        message: `a comment names ${word}, which no ABI header defines`,
        found: word,
        hint: 'name the macro that is there',
      });
    }
  }
  return out;
}

/** Declarations inside `#ifdef CONFIG_…`. */
function conditions(header: AbiHeader, components: Components): TreeLint[] {
  const items = [
    ...header.declarations.map((item) => ({ ...item, what: `${item.kind} ${item.name}` })),
    // A macro with parameters is no constant of its own.
    ...header.macros
      .filter(({ params, body }) => params === null && body !== '')
      .map((item) => ({ ...item, what: item.name })),
  ];
  return items
    .filter((item) => item.conditions.length > 0)
    .map((item) => ({
      rule: 'config-dependent',
      component: components.ofItem(item.name, header.path),
      place: item.place,
      message: `${item.what} is there only with ${item.conditions.join(' and ')}`,
      hint: 'declare it always',
    }));
}

/** Structures without a version: the header has none, and no comment says which one covers it. */
function uncovered(
  header: AbiHeader,
  component: string,
  components: Components,
  markers: readonly MarkerPrint[],
): TreeLint[] {
  const text = header.comments.map((comment) => comment.text).join('\n');
  const named = markers.some(({ macro }) => new RegExp(`(?<!\\w)${macro}(?!\\w)`).test(text));
  return header.declarations
    .filter(({ kind }) => kind !== 'enum')
    .filter(({ name }) => {
      const id = components.ofItem(name, header.path);
      const versions = markers.filter((marker) => marker.component === id);
      const guards = components.describe(id) === undefined ? [] : components.guard(id);
      const guarded = markers.some((marker) => guards.includes(marker.component));
      return versions.length === 0 && !guarded && !named;
    })
    .map(({ kind, name, place }) => ({
      rule: 'uncovered-struct',
      component: components.ofItem(name, header.path) || component,
      place,
      message: `no version covers ${kind} ${name}`,
      hint: 'give the header a version macro, or say in its comment which macro covers it',
    }));
}
