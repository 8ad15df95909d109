import { Option } from 'commander';

/** For people, for programs, and for GitHub's annotations on a workflow's files. */
export const outputFormats = ['text', 'json', 'github'] as const;
export type OutputFormat = (typeof outputFormats)[number];

/** The `--output` of a command; a format that is not among `formats` is refused by commander. */
export function outputOption<const Formats extends readonly OutputFormat[]>(formats: Formats): Option {
  return new Option('-o, --output <format>', 'how to print the result').choices(formats).default('text');
}

/** A result for programs: one JSON value and a line break. */
export function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
