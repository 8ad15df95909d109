import { styleText } from 'node:util';
import { printable } from '@penstock/runtime';
import type { Io, Writer } from './io.ts';

/** Colors by meaning. Each makes its text printable; without color, that is all it does. */
export type Style = {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly warning: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly strong: (text: string) => string;
};

/** Styled texts that a table can still have to render. */
const MAX_KNOWN = 10_000;
const known = new Set<string>();

/**
 * Whether `styleFor` has returned exactly this text with a style. Untrusted text can contain the same bytes only by being
 * the same text, and that is printable.
 */
export const isStyled = (text: string): boolean => known.has(text);

function remember(text: string): string {
  known.delete(text);
  known.add(text);
  const [oldest = ''] = known;
  if (known.size > MAX_KNOWN) known.delete(oldest);
  return text;
}

/** Returns the style for an output of a command. */
export function styleFor(writer: Writer, environment: Io['environment']): Style {
  const colored = wantsColor(writer, environment);
  const style = (format: Parameters<typeof styleText>[0]) => (text: string) =>
    colored ? remember(styleText(format, printable(text), { validateStream: false })) : printable(text);
  return {
    good: style('green'),
    bad: style('red'),
    warning: style('yellow'),
    faint: style('dim'),
    strong: style('bold'),
  };
}

/** NO_COLOR (no-color.org) takes precedence over FORCE_COLOR, and that over whether the output is a color terminal. */
export function wantsColor(writer: Writer, environment: Io['environment']): boolean {
  if (environment['NO_COLOR']) return false;
  const forced = environment['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return writer.isTTY === true && environment['TERM'] !== 'dumb';
}
