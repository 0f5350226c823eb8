export type Options = Map<string, string>;
export declare const ARCHITECTURES: string[];
export declare const PAGE_SIZES: Record<string, string[]>;
export declare function parseFragment(text: string, name?: string): Options;
export declare function mergeFragments(...fragments: Options[]): Options;
export declare function kernelOptions(arch: string, pageSize: string, extra?: string[]): Options;
export declare function configText(options: Options): string;
export declare function lostOptions(options: Options, dotConfig: string): string[];
export declare function cacheKey(build: {
  version: string;
  arch: string;
  pageSize: string;
  options: Options;
  compiler: string;
}): string;
