import { GRANT_LABEL_LENGTH, isGrant } from '@penstock/wire';

/** What a client asks a proxy for. */
export type RequestedHost = {
  /** Without what says that it is a name of ours, in lower case. */
  readonly name: string;
  /** It ends in `.penstock`, so that it can be nothing but the name of a connection. */
  readonly isName: boolean;
  /** A grant that stood in the host, for clients that can send no credentials. */
  readonly grant: string | undefined;
};

/** A name of ours: nothing in DNS ends like this. */
const SUFFIX = '.penstock';
const SEPARATOR = '--';

/** From here on a grant that was not copied whole would leave too little to guess. */
const TELLING_LENGTH = GRANT_LABEL_LENGTH - 6;
const SECRETS = new RegExp(`[a-z2-7]{${TELLING_LENGTH},}`, 'g');

/** A host as it may be logged: a grant beside the place where grants stand, by a typing error, is still a secret. */
export function redactHost(name: string): string {
  return name.replace(SECRETS, '[redacted]');
}

/** Reads `NAME`, `NAME.penstock`, `NAME--GRANT.penstock` or a host of a target. */
export function parseRequestedHost(host: string): RequestedHost {
  // A dot at the end says to resolvers that the name is whole; here it always is.
  const lower = host.toLowerCase().replace(/(?<=\.penstock)\.$/, '');
  if (!lower.endsWith(SUFFIX)) return { name: lower, isName: false, grant: undefined };
  const text = lower.slice(0, -SUFFIX.length);
  const at = text.length - GRANT_LABEL_LENGTH - SEPARATOR.length;
  const grant = text.slice(at + SEPARATOR.length);
  if (at < 1 || !text.startsWith(SEPARATOR, at) || !isGrant(grant)) {
    return { name: text, isName: true, grant: undefined };
  }
  return { name: text.slice(0, at), isName: true, grant };
}
