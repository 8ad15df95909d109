import { NAME_PATTERN } from '@penstock/wire';
import Type from 'typebox';

/** Name of an agent, pool, connector, connection or receiver. */
export const Name = Type.String({
  pattern: NAME_PATTERN,
  description: 'Letters, digits, `.`, `_` and `-`; at most 63 characters.',
});

export const Timestamp = Type.String({ format: 'date-time', description: 'RFC 3339, UTC.' });

/** How many streams carry data, and how many are being opened. */
export const StreamCounts = Type.Object({ open: Type.Integer(), opening: Type.Integer() });

/** Path parameters of a resource that is addressed by its name. */
export const NameParams = Type.Object({ name: Name });

/** Path parameters of a resource that is addressed by its ID. */
export const IdParams = Type.Object({ id: Type.String({ maxLength: 64 }) });
