import { printable } from '@renorm/protocol';

/** Colours and weights, as chalk writes them: all that a text may tell a terminal to do. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
const STYLE = /(\x1b\[[0-9;]*m)/;

/**
 * A text as it goes to a terminal. Whatever stands in it, from a peer, a model or the name of a file, moves no cursor,
 * sets no title and turns no text around. Where such a text is put in, `printable` takes its colours too.
 */
export function forTerminal(text: string): string {
  return text
    .split(STYLE)
    .map((part, i) => (i % 2 === 1 ? part : printable(part)))
    .join('');
}

/** The one way to standard output. */
export function print(text: string): void {
  process.stdout.write(forTerminal(text));
}

/** The one way to standard error. */
export function printError(text: string): void {
  process.stderr.write(forTerminal(text));
}
