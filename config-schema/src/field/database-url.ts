import { isLoopbackHost } from '@penstock/runtime';
import { accepted, type FieldResult, refused } from './field-result.ts';

/** For editors; the parser checks more. */
export const databaseUrlPattern = '^postgres(ql)?://';

/** How the server is authenticated, as in libpq. `disable`: plaintext. */
export type DatabaseTls =
  | { readonly mode: 'disable' }
  | {
      readonly mode: 'require' | 'verify-ca' | 'verify-full';
      /** PEM files. Undefined: the certificate authorities that this process trusts. */
      readonly rootCertificate: string | undefined;
      readonly certificate: string | undefined;
      readonly key: string | undefined;
    };

/** Where a PostgreSQL database is, and the account to use there. */
export type DatabaseAddress = {
  /** A host name, an address, or the directory of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string | undefined;
  readonly database: string;
  readonly tls: DatabaseTls;
};

const EXAMPLE = 'Write it as postgresql://penstock:${env:DATABASE_PASSWORD}@db.example.com:5432/penstock.';
const TLS_MODES = ['disable', 'require', 'verify-ca', 'verify-full'] as const;
type TlsMode = (typeof TLS_MODES)[number];
const PARAMETERS = ['host', 'user', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey'];
/** Others of libpq, which people copy. Any other name may be part of a password, and is not repeated. */
const FOREIGN_PARAMETERS =
  /^(?:application_name|channel_binding|connect_timeout|gssencmode|keepalives\w*|options|schema|search_path|ssl|sslcrl|target_session_attrs|passfile|pgbouncer|pool_\w+)$/;

/**
 * Parses the URL of a PostgreSQL database, as libpq writes it (PostgreSQL documentation, 32.1.1.2). Without `sslmode`, a
 * server on another host must prove its name, which libpq does not require.
 */
export function parseDatabaseUrl(text: string): FieldResult<DatabaseAddress> {
  const url = /^postgres(ql)?:\/\//.test(text) ? URL.parse(text) : null;
  if (url === null) return invalid('must be the URL of a PostgreSQL database', urlAdvice(text));
  const unknown = [...url.searchParams.keys()].find((name) => !PARAMETERS.includes(name));
  if (unknown !== undefined) {
    return invalid(
      FOREIGN_PARAMETERS.test(unknown)
        ? `has the parameter ${unknown}, which is not supported`
        : 'has a parameter that is not supported',
      `Supported parameters: ${PARAMETERS.join(', ')}.`,
    );
  }
  const parts = [url.searchParams.get('user') ?? url.username, url.password, url.pathname.slice(1)].map(
    decoded,
  );
  const [user, password, database] = parts;
  if (user === undefined || password === undefined || database === undefined) {
    return invalid('has a % that is not part of an escape', 'Write % in a password as %25.');
  }
  const host = url.searchParams.get('host') ?? url.hostname.replace(/^\[|\]$/g, '');
  if (host === '') return invalid('has no host', EXAMPLE);
  if (user === '') return invalid('has no user', EXAMPLE);
  if (database === '' || database.includes('/')) return invalid('has no database after the host', EXAMPLE);
  const tls = tlsOf(url.searchParams, host);
  if (typeof tls === 'string') return invalid(tls, `Possible values: ${TLS_MODES.join(', ')}.`);
  return accepted({
    host,
    port: url.port === '' ? 5432 : Number(url.port),
    user,
    password: password === '' ? undefined : password,
    database,
    tls,
  });
}

function tlsOf(parameters: URLSearchParams, host: string): DatabaseTls | string {
  const given = parameters.get('sslmode');
  const mode = given ?? (staysOnHost(host) ? 'disable' : 'verify-full');
  if (mode === 'allow' || mode === 'prefer') {
    return `has sslmode=${mode}, with which the password is sent in plaintext if somebody in between wishes`;
  }
  if (!isTlsMode(mode)) return 'has an unknown sslmode';
  if (mode === 'disable') return { mode };
  return {
    mode,
    rootCertificate: parameters.get('sslrootcert') ?? undefined,
    certificate: parameters.get('sslcert') ?? undefined,
    key: parameters.get('sslkey') ?? undefined,
  };
}

const isTlsMode = (mode: string): mode is TlsMode => (TLS_MODES as readonly string[]).includes(mode);

const staysOnHost = (host: string) => host.startsWith('/') || isLoopbackHost(host);

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** A password with `/`, `#` or `?` ends the host early, so the text is no URL or another one. */
const urlAdvice = (text: string) =>
  /^postgres(ql)?:\/\//.test(text)
    ? 'Write the characters / ? # @ : % of a user or password as %2F %3F %23 %40 %3A %25.'
    : EXAMPLE;

const invalid = (message: string, suggestion: string) => refused('INVALID_URL', message, suggestion);
