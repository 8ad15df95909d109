import { styleText } from 'node:util';
import type { Io, Writer } from './io.ts';

/** Colors by meaning. Without color, each returns its text unchanged. */
export type Style = {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly warning: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly strong: (text: string) => string;
};

/** Returns the style for an output of a command. */
export function styleFor(writer: Writer, environment: Io['environment']): Style {
  const colored = wantsColor(writer, environment);
  const style = (format: Parameters<typeof styleText>[0]) => (text: string) =>
    colored ? styleText(format, text, { validateStream: false }) : text;
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
