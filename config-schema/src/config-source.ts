import type { JsonValue } from './yaml/tree.ts';

export type FileKind = 'Agent' | 'Gateway';

/** The file a configuration was read from. */
export type ConfigSource = {
  readonly kind: FileKind;
  /** As passed to the parser; undefined if the text has no file name. */
  readonly file: string | undefined;
  readonly version: number;
  /** Line of `version` in the file, counted from 1. */
  readonly versionLine: number;
  readonly digest: string;
  /** Files named by `${file:…}` references; a change in one of them changes the configuration. */
  readonly files: readonly string[];
  /** Those of `files` that contain secrets, which only the user of the program should be able to read. */
  readonly secretFiles: readonly string[];
  /** The file's content before references are resolved, which the digest covers. */
  readonly content: JsonValue;
};
