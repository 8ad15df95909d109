import { type Static, Type } from '@penstock/json-schema';
import { adminRoles } from './admin-token.ts';
import { Timestamp } from './field.ts';
import { listOf } from './page.ts';

/** A session of the console. It has the role of the credential with which it was started. */
export const ConsoleSession = Type.Object({
  id: Type.String(),
  actor: Type.String({ description: 'As in the audit trail: `admin-token:ID` or `oidc:ISSUER SUBJECT`.' }),
  name: Type.String({ description: 'Name of the admin token or of the user.' }),
  role: Type.Enum([...adminRoles]),
  address: Type.String({ description: 'Source address of the sign-in.' }),
  createdAt: Timestamp,
  seenAt: Timestamp,
  expiresAt: Timestamp,
  idleAt: Type.String({
    format: 'date-time',
    description:
      'When it ends unless it is used. Requests with `Penstock-Background: true` do not count as use.',
  }),
});
export type ConsoleSession = Static<typeof ConsoleSession>;

export const ConsoleSessionList = listOf(ConsoleSession);

export const CurrentConsoleSession = Type.Object({
  ...ConsoleSession.properties,
  time: Type.String({ format: 'date-time', description: "The gateway's clock." }),
});
export type CurrentConsoleSession = Static<typeof CurrentConsoleSession>;

export const NewConsoleSession = Type.Object(
  {
    code: Type.Optional(
      Type.String({
        pattern: '^pst_code_[A-Za-z0-9_-]{43}$',
        description:
          'A one-time code. Omit it to sign in with the admin token in the header `Authorization`.',
      }),
    ),
  },
  { additionalProperties: false },
);

export const StartedConsoleSession = Type.Object({
  ...CurrentConsoleSession.properties,
  secret: Type.String({
    description:
      'The second half of the secret, for the header `Penstock-Session`. The first half is the cookie of this response. Shown once.',
  }),
});
export type StartedConsoleSession = Static<typeof StartedConsoleSession>;

export const EndedConsoleSessions = Type.Object({
  ended: Type.Integer({ description: 'Sessions that were ended.' }),
});

export const ConsoleCode = Type.Object({
  code: Type.String({ description: 'Starts one session. Shown once.' }),
  expiresAt: Timestamp,
  url: Type.Optional(
    Type.String({ description: 'The link that signs in, if `console.url` is set in gateway.yaml.' }),
  ),
  path: Type.String({ description: 'The same link without scheme and host.' }),
});
export type ConsoleCode = Static<typeof ConsoleCode>;

/** How people can sign in. Known to everyone: the sign-in page shows it. */
export const SignInMethods = Type.Object({
  organization: Type.String(),
  code: Type.Boolean({ description: 'With the link that `penstock-gateway console` prints.' }),
  oidc: Type.Optional(
    Type.Object(
      { path: Type.String({ description: 'Path to which the browser is sent.' }) },
      { description: 'With the identity provider in `signIn.oidc` of gateway.yaml.' },
    ),
  ),
});
