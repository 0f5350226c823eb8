/** Where bytes come from, the strongest first. `baseline` is our own encoder, frozen. */
export const PROVENANCE = ['documented', 'kernel', 'kernel-code', 'witness', 'baseline', 'input'] as const;

export type Provenance = (typeof PROVENANCE)[number];
