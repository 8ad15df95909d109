import type { ErrorCode } from 'yaml';

/** Our messages for the parser's errors: its own repeat parts of the text, which may be secret. */
export const syntaxWords: Readonly<Record<ErrorCode, string>> = {
  ALIAS_PROPS: 'an alias cannot have an anchor or a tag',
  BAD_ALIAS: 'this alias has no anchor before it',
  BAD_COLLECTION_TYPE: 'the tag does not match its value',
  BAD_DIRECTIVE: 'this directive is unknown or malformed',
  BAD_DQ_ESCAPE: 'this escape does not exist in double quotes',
  BAD_INDENT: 'the indentation does not match the surrounding lines',
  BAD_PROP_ORDER: 'anchors and tags must precede the value on the same line',
  BAD_SCALAR_START: 'plain text cannot begin with this character; put it in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a nested mapping cannot be on the same line as its key',
  BLOCK_IN_FLOW: 'block style is not allowed inside brackets',
  DUPLICATE_KEY: 'a key appears twice',
  IMPOSSIBLE: 'it cannot be read',
  KEY_OVER_1024_CHARS: 'a key is longer than 1024 characters',
  MISSING_CHAR: 'a bracket, quote, comma, or colon is missing',
  MULTILINE_IMPLICIT_KEY: 'a key must be on one line',
  MULTIPLE_ANCHORS: 'a value can have only one anchor',
  MULTIPLE_DOCS: 'a second document begins here',
  MULTIPLE_TAGS: 'a value can have only one tag',
  NON_STRING_KEY: 'a key must be plain text',
  RESOURCE_EXHAUSTION: 'it is nested too deeply',
  TAB_AS_INDENT: 'tabs are not allowed for indentation; use spaces',
  TAG_RESOLVE_FAILED: 'this tag is not supported here',
  UNEXPECTED_TOKEN: 'unexpected text',
};
