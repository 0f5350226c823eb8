import { buildProgram } from '../../src/cli/program.js';

/** Long and short names of all options of a command, from the definition that the program itself uses. */
export function optionsOf(command: string): string[] {
  const found = buildProgram().commands.find((one) => one.name() === command);
  if (found === undefined) throw new Error(`no command ${command}`);
  return found.options.flatMap(({ long, short }) => [long, short].filter((name) => name != null));
}
