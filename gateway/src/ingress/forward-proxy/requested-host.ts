import { withoutFinalDot } from '@penstock/config-schema';
import { GRANT_LABEL_LENGTH, isGrant } from '@penstock/wire';

/** The host that a client of a forward proxy requests. */
export type RequestedHost = {
  /** In lower case, without the suffix `.penstock` and without a grant. */
  readonly name: string;
  /** Whether it had the suffix `.penstock` and therefore can only be the name of a connection. */
  readonly isConnectionName: boolean;
  /** A grant that was part of the host, for clients that cannot send credentials. */
  readonly grant: string | undefined;
};

/** Marks names of connections. DNS has no such top-level domain. */
const SUFFIX = '.penstock';
const SEPARATOR = '--';

/** Runs of grant characters from this length on are redacted: an incompletely copied grant is still easy to guess. */
const MIN_REDACTED_LENGTH = GRANT_LABEL_LENGTH - 6;
const POSSIBLE_GRANTS = new RegExp(`[a-z2-7]{${MIN_REDACTED_LENGTH},}`, 'g');

/** Redacts everything in a host that may be a grant, including one at a wrong place or with a typing error. */
export function redactHost(name: string): string {
  return name.replace(POSSIBLE_GRANTS, '[redacted]');
}

/** Parses `NAME`, `NAME.penstock`, `NAME--GRANT.penstock`, or a host of a target. */
export function parseRequestedHost(host: string): RequestedHost {
  // A trailing dot marks an absolute name, and is no part of the name.
  const lower = withoutFinalDot(host.toLowerCase());
  if (!lower.endsWith(SUFFIX)) return { name: lower, isConnectionName: false, grant: undefined };
  const text = lower.slice(0, -SUFFIX.length);
  const at = text.length - GRANT_LABEL_LENGTH - SEPARATOR.length;
  const grant = text.slice(at + SEPARATOR.length);
  if (at < 1 || !text.startsWith(SEPARATOR, at) || !isGrant(grant)) {
    return { name: text, isConnectionName: true, grant: undefined };
  }
  return { name: text.slice(0, at), isConnectionName: true, grant };
}
