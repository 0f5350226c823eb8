/** Page sizes by the name that users know. In a file of its own, because the library loads no schema library at run time. */
export const PAGE_SIZE_NAMES = ['4K', '16K', '64K'] as const;

export type PageSizeName = (typeof PAGE_SIZE_NAMES)[number];
