import { SaxesParser } from 'saxes';

/** An element with its own text. */
export interface Element {
  readonly name: string;
  readonly attributes: Record<string, string>;
  text: string;
}

/** All elements of a document, parsed by a strict XML parser that throws on the first error. */
export function elements(text: string): Element[] {
  const all: Element[] = [];
  const open: Element[] = [];
  const parser = new SaxesParser();
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name, attributes }) => {
    const element = { name, attributes: attributes as Record<string, string>, text: '' };
    all.push(element);
    open.push(element);
  });
  parser.on('text', (part) => {
    if (open.length > 0) open[open.length - 1]!.text += part;
  });
  parser.on('closetag', () => open.pop());
  parser.write(text).close();
  return all;
}
