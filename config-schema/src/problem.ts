/**
 * Every kind of problem that a configuration file can have, with its meaning. Closed:
 * docs/configuration.md has a row for each, and a test compares them in both directions.
 */
export const configProblemCodes = {
  FILE_UNREADABLE: 'The configuration file does not exist, cannot be read, or is not UTF-8 text.',
  FILE_TOO_LARGE: 'The configuration file is larger than 1 MiB.',
  YAML_SYNTAX: 'The file is not well-formed YAML.',
  YAML_LIMIT: 'Nesting or aliases exceed the limits of a configuration file.',
  MULTIPLE_DOCUMENTS: 'The file contains more than one YAML document.',
  NOT_A_MAPPING: 'The file is not a mapping of `key: value` lines.',
  DUPLICATE_KEY: 'A key appears twice in the same mapping.',
  API_VERSION_UNSUPPORTED: '`apiVersion` is missing or not supported by this program.',
  WRONG_KIND: '`kind` is missing, unknown, or the file belongs to the other program.',
  UNKNOWN_KEY: 'The field does not exist here.',
  MISSING_KEY: 'A required field is missing.',
  WRONG_TYPE: 'The value has the wrong type, such as text instead of a list.',
  NOT_ALLOWED_VALUE: 'The value is not one of the allowed values.',
  OUT_OF_RANGE: 'The number, duration, or size is too small or too large.',
  EMPTY_VALUE: 'A required text is empty.',
  EMPTY_LIST: 'A list that requires at least one item is empty.',
  TOO_MANY_ITEMS: 'A list is longer than allowed.',
  DUPLICATE_ITEM: 'A list contains the same item twice.',
  DUPLICATE_NAME: 'Two items of a list have the same name.',
  INVALID_NAME: 'A name is too long or contains invalid characters.',
  INVALID_DURATION: 'A duration is malformed; usually the unit is missing.',
  INVALID_SIZE: 'A size is malformed; usually the unit is missing.',
  INVALID_ADDRESS: 'An address is not `host:port`.',
  INVALID_CIDR: 'An address range is not in CIDR notation.',
  INVALID_PIN: 'A certificate pin is not `sha256/` followed by 44 characters of base64.',
  INVALID_URL: 'A URL is malformed or has the wrong scheme.',
  INVALID_PROBE_RULE: 'A probe rule is not a host or range with ports.',
  INVALID_TIME: 'A time of day is not hours and minutes.',
  INVALID_DATE: 'A date is not year-month-day, or does not exist.',
  INVALID_TIME_ZONE: 'A time zone is not known by its IANA name.',
  INVALID_PEM: 'A certificate or private key is not PEM or cannot be used.',
  REFERENCE_SYNTAX: 'A `${…}` reference is malformed or of an unknown kind.',
  REFERENCE_NOT_ALLOWED: 'A reference is used in a field that must be the same on every host.',
  ENVIRONMENT_MISSING: 'A reference names an environment variable that is not set.',
  REFERENCED_FILE_MISSING: 'A reference names a file that does not exist.',
  REFERENCED_FILE_UNREADABLE: 'A reference names a file that cannot be read as text.',
  INVALID_SECRET: 'A secret contains a line break or an invisible character.',
  SECRET_LITERAL: 'A secret is written into the file instead of being referenced.',
  CREDENTIALS_IN_URL: 'A URL contains a literal password, or contains credentials where none are allowed.',
  UNKNOWN_POOL:
    'A connection or freeze names a pool that the file does not define, or an agent file names one that gateway.yaml does not.',
  UNKNOWN_CONNECTOR: 'A connection names a connector that no agent file of its pool has.',
  UNKNOWN_WINDOW: 'A pool names a window that the file does not define.',
  UNKNOWN_RECEIVER: 'An alert names a receiver that the file does not define.',
  ADDRESS_CONFLICT: 'Two listeners have the same address.',
  INCONSISTENT: 'Two values contradict each other.',
  LOCAL_PIN: 'The file is not the one that `PENSTOCK_CONFIG_PIN` pins on this host.',
  MORE_PROBLEMS: 'There are more problems than shown.',
} as const;

export type ConfigProblemCode = keyof typeof configProblemCodes;

/** A problem with a configuration file. Contains no secrets: messages never repeat the value of a reference. */
export type ConfigProblem = {
  readonly code: ConfigProblemCode;
  /** As passed to the parser; undefined if the text has no file name. */
  readonly file: string | undefined;
  /** Both counted from 1; columns in UTF-16 units, as editors count. */
  readonly line: number;
  readonly column: number;
  /** Characters to underline, on that line. */
  readonly length: number;
  /** Path of the field, such as `connectors[orders-db].address`; empty for the whole file. */
  readonly path: string;
  /** What is wrong, as one sentence. */
  readonly message: string;
  /** What to do about it, as one sentence. */
  readonly suggestion: string;
  /** The source line with its number, and a line of carets below it. Literal secrets are masked. */
  readonly excerpt: string;
};
