export * from './baseline.js';
export * from './btf-check.js';
export * from './btf-kho.js';
export * from './btf-layouts.js';
export * from './btf-open.js';
export * from './btf-registry.js';
export * from './btf-types.js';
export * from './collect.js';
export * from './compare.js';
export * from './comparison.js';
export { ANY_ARCH, parseCompilers, TREE_ARCHES } from './compilers.js';
export { Components } from './components.js';
export * from './elf-sections.js';
export type { ElfSymbol } from './elf-symbols.js';
export * from './fingerprint.js';
export type {
  ComponentPrint,
  FieldPrint,
  Fingerprint,
  MarkerPrint,
  StructPrint,
  TargetPrint,
} from './fingerprint-schema.js';
export * from './init-files.js';
export * from './lints.js';
export * from './model.js';
export * from './registry-match.js';
export * from './registry-print.js';
export * from './run-tree.js';
export { openTree, type SourceTree } from './source-tree.js';
export * from './tree-findings.js';
export * from './tree-report.js';
export * from './tree-rules.js';
export * from './tree-targets.js';
export * from './tree-verdict.js';
export * from './tree-versions.js';
