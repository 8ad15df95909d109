import { type Static, Type } from '@penstock/json-schema';

/** A problem document (RFC 9457), as the tunnel port and the API send it. */
export const ProblemDocument = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  code: Type.String({ description: 'What went wrong, for programs. See docs/api.md.' }),
  detail: Type.String({ description: 'What went wrong and what to do, for people.' }),
});
export type ProblemDocument = Static<typeof ProblemDocument>;

/** The document for a code of a catalog. `detail` is sent as is and must not contain secrets. */
export function problemDocument(
  code: string,
  { status, message }: { readonly status: number; readonly message: string },
  detail: string,
): ProblemDocument {
  return { type: `urn:penstock:problem:${code}`, title: message, status, code, detail };
}
