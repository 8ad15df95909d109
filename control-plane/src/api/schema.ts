import { NAME_PATTERN } from '@penstock/wire';
import Type from 'typebox';

export const Name = Type.String({ pattern: NAME_PATTERN, description: 'A name as agents and pools have.' });

export const Timestamp = Type.String({ format: 'date-time', description: 'RFC 3339, UTC.' });

/** Milliseconds since 1970 as a Timestamp; undefined stays undefined. */
export function timestamp(at: number): string;
export function timestamp(at: number | undefined): string | undefined;
export function timestamp(at: number | undefined): string | undefined {
  return at === undefined ? undefined : new Date(at).toISOString();
}

/** Query of every listing. */
export const PageQuery = Type.Object(
  {
    limit: Type.Integer({ minimum: 1, maximum: 500, default: 100, description: 'Entries on a page.' }),
    cursor: Type.Optional(
      Type.String({ maxLength: 128, description: '`nextCursor` of the page before; left out, the first.' }),
    ),
  },
  { additionalProperties: false },
);

export const NextCursor = Type.Optional(
  Type.String({ description: 'Where the next page starts; left out on the last.' }),
);

const Problem = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  code: Type.String({ description: 'What went wrong, for programs. See docs/api.md.' }),
  detail: Type.String({ description: 'What went wrong and what to do, for people.' }),
});

const problem = {
  description: 'Problem document (RFC 9457).',
  content: { 'application/problem+json': { schema: Problem } },
};

/** What every route may answer besides its own. */
export const problems = { '4xx': problem, '5xx': problem };
