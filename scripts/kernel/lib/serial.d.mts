export interface ConsoleLine {
  time: number | undefined;
  text: string;
}
export declare function consoleLines(serial: string): ConsoleLine[];
export declare function splitBoots(lines: ConsoleLine[]): ConsoleLine[][];
export declare function guestLines(lines: ConsoleLine[]): string[];
export declare function guestFiles(guest: string[]): Map<string, Buffer>;
export declare function guestVerdicts(guest: string[]): { what: string; ok: boolean; numbers: string }[];
export declare function guestPages(
  guest: string[],
): { session: string; token: string; index: number; pfn: string; count: number }[];
export declare function kernelWalk(lines: ConsoleLine[]): [string, number][];
export declare function kernelTrouble(lines: ConsoleLine[]): string[];
