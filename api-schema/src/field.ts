import { Type } from '@penstock/json-schema';
import { NAME_PATTERN } from '@penstock/wire';

/** Name of an agent, pool, connector, connection or receiver. */
export const Name = Type.String({
  pattern: NAME_PATTERN,
  description: 'Letters, digits, `.`, `_` and `-`; at most 63 characters.',
});

export const Timestamp = Type.String({ format: 'date-time', description: 'RFC 3339, UTC.' });

/** Controls, line separators, and characters of formatting, invisible or bidirectional, as ranges that every regular expression has. */
const UNPRINTABLE =
  '\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u0600-\\u0605\\u061c\\u06dd\\u070f\\u08e2\\u180e\\u200b-\\u200f\\u2028-\\u202e' +
  '\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb';
/** The same beyond the first plane: shorthand, musical and tag characters. Written out, because regular expressions differ there. */
const UNPRINTABLE_BEYOND = '\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0001}-\u{e007f}';

/** A label for people, of at most `length` characters: it shows what it contains. */
export const labelPattern = (length: number) => `^[^${UNPRINTABLE}${UNPRINTABLE_BEYOND}]{1,${length}}$`;

/** How many streams carry data, and how many are being opened. */
export const StreamCounts = Type.Object({ open: Type.Integer(), opening: Type.Integer() });

/** Path parameters of a resource that is addressed by its name. */
export const NameParams = Type.Object({ name: Name });

/** Path parameters of a resource that is addressed by its ID. */
export const IdParams = Type.Object({ id: Type.String({ maxLength: 64 }) });

/** RFC 3339. The validator of requests knows no formats. */
export const TIME = {
  maxLength: 40,
  pattern: '^\\d{4}-\\d{2}-\\d{2}[Tt]\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?([Zz]|[+-]\\d{2}:\\d{2})$',
};
