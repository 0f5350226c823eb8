/** What the next kernel does at one step. */
export type Outcome =
  | 'ok'
  | 'not checked'
  | 'ignored'
  | 'restored'
  | 'fresh allocation'
  | 'open fails'
  | 'error'
  | 'wrong memory'
  | 'cold boot'
  | 'panic';

/** One step of the next kernel, in its own order. */
export interface Step {
  /** `kho_populate`, `memory map`, or the name of a client. */
  readonly part: string;
  readonly what: string;
  readonly outcome: Outcome;
  /** The line that the kernel prints, if it prints one. */
  readonly log?: string;
  /** What in the bytes makes it so. */
  readonly why?: string;
}

/** How a boot ends. */
export type BootResult = 'KHO boot' | 'KHO boot with wrong memory' | 'cold boot' | 'panic';

/** Steps that end the boot there. */
export function ends(step: Step): boolean {
  return step.outcome === 'cold boot' || step.outcome === 'panic';
}
