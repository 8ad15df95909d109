import { Option } from 'commander';

/** For people, for programs, and for annotations of GitHub Actions. */
export const outputFormats = ['text', 'json', 'github'] as const;
export type OutputFormat = (typeof outputFormats)[number];

/** The option `--output` of a command, limited to `formats`. */
export function outputOption<const Formats extends readonly OutputFormat[]>(formats: Formats): Option {
  return new Option('-o, --output <format>', 'output format').choices(formats).default('text');
}

/** Returns a JSON value with a trailing line break. */
export function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
