import { REDACTED } from './known-secrets.ts';
import type { Redaction } from './rule.ts';

/** Everything up to the last `@` of a URL, because a password can contain `@` and `/` unescaped. */
const URL_RUN = /([A-Za-z][A-Za-z0-9+.-]{0,30}:\/\/)([^\s"'<>]+)/g;

/** `app/password@db` of Oracle, after the start of a word. */
const ORACLE =
  /(?<![\w./@$#-])("?[A-Za-z][\w$#]{0,63}"?\/)(?!\[redacted\])("[^"\s]{1,128}"|[^\s"'/]{1,128})(?=@(?:\/\/)?[A-Za-z0-9[(])/g;
/** `user:password@host`, as in data source names of Go and Python. */
const COLON =
  /(?<![\w./@:+-])([A-Za-z_][\w.$-]{0,63}:)(?!\[redacted\]|\/\/)([^\s"'/@]{1,128})(?=@(?:tcp\(|unix\(|[A-Za-z0-9[(]))/g;
/** A line of .pgpass: host, port, database, user, password. */
const PGPASS =
  /(?<![\w.:/-])((?:[A-Za-z*][\w.*-]{0,100}|[0-9.]{7,15}):(?:[0-9]{2,5}|\*):[A-Za-z_*][\w*-]{0,63}:[A-Za-z_*][\w*-]{0,63}:)(?!\[redacted\])[^\s"':]{1,256}/g;

/** Services of Kerberos principals, such as HTTP/host@REALM, and schemes of addresses. */
const PRINCIPAL =
  /^(?:HTTP|HTTPS|host|postgres|mssqlsvc|ldap|cifs|nfs|oracle|krbtgt|kafka|mongodb|imap|smtp|dns)\/$/i;

export const redactUrlCredentials: Redaction = (text) =>
  text.replace(URL_RUN, (whole, scheme: string, run: string) => {
    const at = run.lastIndexOf('@');
    return at === -1 || run.startsWith(`${REDACTED}@`) ? whole : `${scheme}${REDACTED}${run.slice(at)}`;
  });

export const redactCredentialsBeforeHost: Redaction = (text) => {
  if (!text.includes('@') && !text.includes(':')) return text;
  return text
    .replace(ORACLE, (whole, user: string, _secret: string, at: number) =>
      PRINCIPAL.test(user) || isVersion(text, at + whole.length) ? whole : `${user}${REDACTED}`,
    )
    .replace(COLON, (whole, user: string, _secret: string, at: number, all: string) =>
      /^(?:mailto|sip|sips|xmpp|npm|docker|image):$/i.test(user) || isVersion(all, at + whole.length)
        ? whole
        : `${user}${REDACTED}`,
    )
    .replace(PGPASS, `$1${REDACTED}`);
};

/** Whether `@` leads to a version or a digest, as in package@1.2.3 and image@sha256:… */
const isVersion = (text: string, at: number) =>
  /^@(?:sha256:|v?[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}(?![.0-9]))/.test(text.slice(at, at + 24));
