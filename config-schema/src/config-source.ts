import type { JsonValue } from './yaml/tree.ts';

export type FileKind = 'Agent' | 'Gateway';

/** What a configuration came from. */
export type ConfigSource = {
  readonly kind: FileKind;
  /** As handed to the parser; undefined when the text came without a file name. */
  readonly file: string | undefined;
  readonly version: number;
  /** Where `version` stands in the file, counted from 1. */
  readonly versionLine: number;
  readonly digest: string;
  /** Files that `${file:…}` references name: a change in one is a change of the configuration. */
  readonly files: readonly string[];
  /** The file's content before references are resolved: what the digest covers. */
  readonly content: JsonValue;
};
