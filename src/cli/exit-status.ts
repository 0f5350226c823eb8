/** Exit status for findings and differences. */
export const FINDINGS = 4;

/** Exit status for bytes that changed under an unchanged version: 4 for the change, 8 for the missing bump. */
export const WITHOUT_BUMP = 12;
