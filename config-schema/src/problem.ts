/**
 * Every kind of problem a configuration file can have, with what it means. Closed:
 * docs/configuration.md has a row for each, and a test compares both ways.
 */
export const configProblemCodes = {
  FILE_UNREADABLE: 'The configuration file does not exist, may not be read or is not UTF-8 text.',
  FILE_TOO_LARGE: 'The configuration file is larger than 1 MiB.',
  YAML_SYNTAX: 'The file is not well-formed YAML.',
  YAML_LIMIT: 'Nesting or aliases go beyond what a configuration file may need.',
  MULTIPLE_DOCUMENTS: 'The file holds more than one YAML document.',
  NOT_A_MAPPING: 'The file is not a list of `key: value` lines.',
  DUPLICATE_KEY: 'A key stands twice in the same place.',
  API_VERSION_UNSUPPORTED: '`apiVersion` is missing or not one this program reads.',
  WRONG_KIND: '`kind` is missing, unknown, or the file belongs to the other program.',
  UNKNOWN_KEY: 'There is no such field here.',
  MISSING_KEY: 'A required field is missing.',
  WRONG_TYPE: 'The value has the wrong type, such as text where a list belongs.',
  NOT_ALLOWED_VALUE: 'The value is not one of the allowed words.',
  OUT_OF_RANGE: 'The number, duration or size is too small or too large.',
  EMPTY_VALUE: 'A text is empty where it must not be.',
  EMPTY_LIST: 'A list is empty that needs at least one item.',
  TOO_MANY_ITEMS: 'A list is longer than allowed.',
  DUPLICATE_ITEM: 'A list holds the same item twice.',
  DUPLICATE_NAME: 'Two things of the same list have the same name.',
  INVALID_NAME: 'A name has characters that names do not have, or is too long.',
  INVALID_DURATION: 'A duration is malformed, mostly for want of a unit.',
  INVALID_SIZE: 'A size is malformed, mostly for want of a unit.',
  INVALID_ADDRESS: 'An address is not `host:port`.',
  INVALID_CIDR: 'A range of addresses is not CIDR.',
  INVALID_PIN: 'A certificate pin is not `sha256/` and 44 characters of base64.',
  INVALID_URL: 'A URL is malformed or of the wrong scheme.',
  INVALID_PROBE_RULE: 'A probe rule is not a host or range with ports.',
  INVALID_PEM: 'A certificate or private key is not PEM, or is not usable.',
  REFERENCE_SYNTAX: 'A `${…}` reference is malformed or of an unknown kind.',
  REFERENCE_NOT_ALLOWED: 'A reference stands in a field that must be the same on every host.',
  ENVIRONMENT_MISSING: 'A reference names an environment variable that is not set.',
  REFERENCED_FILE_MISSING: 'A reference names a file that does not exist.',
  REFERENCED_FILE_UNREADABLE: 'A reference names a file that cannot be read as text.',
  SECRET_LITERAL: 'A secret is written into the file instead of referred to.',
  CREDENTIALS_IN_URL: 'A URL holds a password in the file itself, or holds credentials where none belong.',
  UNKNOWN_POOL: 'A connection names a pool that the file does not have.',
  UNKNOWN_RECEIVER: 'An alert names a receiver that the file does not have.',
  ADDRESS_CONFLICT: 'Two listeners want the same address.',
  INCONSISTENT: 'Two values contradict each other.',
  LOCAL_PIN: 'The file is not the one that `PENSTOCK_CONFIG_PIN` pins on this host.',
  NOT_SUPPORTED: 'The value asks for something that this release does not do.',
  MORE_PROBLEMS: 'There are more problems than are shown.',
} as const;

export type ConfigProblemCode = keyof typeof configProblemCodes;

/** One thing wrong with a configuration file. Holds no secret: messages never repeat what a reference gave. */
export type ConfigProblem = {
  readonly code: ConfigProblemCode;
  /** As handed to the parser; undefined when the text came without a file name. */
  readonly file: string | undefined;
  /** Both counted from 1; columns in UTF-16 units, as editors count. */
  readonly line: number;
  readonly column: number;
  /** Characters to underline, on that line. */
  readonly length: number;
  /** Where in the file's own words, such as `connectors[orders-db].address`; empty for the whole file. */
  readonly path: string;
  /** What is wrong, as one sentence. */
  readonly message: string;
  /** What to do about it, as one sentence. */
  readonly suggestion: string;
  /** The source line with its number, and a line with carets below. Literal secrets are masked. */
  readonly excerpt: string;
};
