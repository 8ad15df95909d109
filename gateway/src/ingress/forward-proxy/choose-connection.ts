import { isGrant, TunnelError } from '@penstock/wire';
import type { ActiveGrant } from '../../access/active-grant.ts';
import { notAllowed } from '../../access/allow-list.ts';
import { ClientDenied } from '../../access/client-denied.ts';
import type { DialOptions } from '../../routing/dial.ts';
import { hostPortText } from '../../routing/host-port-text.ts';
import type { ClientSource } from '../client-source.ts';
import type { IngressServices } from '../ingress-handler.ts';
import type { IngressBinding } from '../listener-config.ts';
import { parseRequestedHost, redactHost } from './requested-host.ts';

/** What a client requests of a forward proxy. */
export type ProxyRequest = {
  /** A name, or an address without brackets. The gateway never resolves it. */
  readonly host: string;
  readonly port: number;
  /** The client's credentials. Those that are not grants are ignored: stock JVMs send the name of their user. */
  readonly credentials: readonly string[];
};

export type Choice =
  | {
      readonly outcome: 'chosen';
      readonly connection: string;
      /** The requested host and port, without a grant. */
      readonly requested: string;
      readonly dialOptions: DialOptions;
      /** The grant that admits the client; undefined if the allow list alone does. */
      readonly grant: ActiveGrant | undefined;
    }
  /**
   * `credentials`: other credentials may help; `refused`: they would not. `hadGrant`: the client presented a usable
   * grant. The caller must delay its response as it does for an unusable one, to not reveal that by its timing.
   */
  | {
      readonly outcome: 'credentials' | 'refused';
      readonly hadGrant: boolean;
      readonly error: TunnelError;
      /** The connection that the client requested, where that is known without asking agents. */
      readonly connection: string | undefined;
    };

type ProxyBinding = IngressBinding<'socks5' | 'httpConnect'>;
type Match = { readonly binding: ProxyBinding; readonly address: string | undefined };

/**
 * Chooses the connection for a client of a forward proxy. The client requests it by name, or by host and port of its
 * target. Everything else is refused, so the proxy is never an open one. Error details contain the requested host but
 * never a grant.
 */
export function chooseConnection(
  request: ProxyRequest,
  { address }: ClientSource,
  bindings: readonly ProxyBinding[],
  { grants, offerOf }: Pick<IngressServices, 'grants' | 'offerOf'>,
): Choice {
  const { name, isConnectionName, grant: label } = parseRequestedHost(request.host);
  const grant = [label, ...request.credentials]
    .map((text) => (text === undefined ? undefined : grants.find(text)))
    .find((each) => each !== undefined);
  const mayUse = ({ connection, ingress, allowList }: ProxyBinding) =>
    allowList.admits(address) &&
    (ingress.grant === 'none' || grant?.permits(connection.name, address) === true);
  const usable = bindings.filter(mayUse);
  const shown = redactHost(name);
  const requested = isConnectionName ? `${shown}.penstock` : hostPortText(shown, request.port);
  const connection = requestedConnection(bindings, name);
  const refused = (error: TunnelError): Choice => ({
    outcome: 'refused',
    hadGrant: grant !== undefined,
    error,
    connection,
  });
  const notPermitted = (): Choice => {
    if (grant !== undefined) {
      return refused(new ClientDenied('grant-not-permitted', notPermittedBy(grant, requested, address)));
    }
    const error = withoutUsableGrant(requested, request, grants);
    return { outcome: 'credentials', hadGrant: false, error, connection };
  };
  if (usable.length === 0) {
    const named = bindings.filter((binding) => binding.connection.name === connection);
    if (named.length === 0 || named.some(({ allowList }) => allowList.admits(address))) return notPermitted();
    if (grant !== undefined) return refused(notAllowed(address));
    // Credentials would not help, but the response must not reveal that.
    return { outcome: 'credentials', hadGrant: false, error: notAllowed(address), connection };
  }

  const target = hostPortText(name, request.port);
  const matches = matchesOf(usable, name, isConnectionName ? undefined : target, offerOf);
  const names = new Set(matches.map(({ binding }) => binding.connection.name));
  const [match] = matches;
  if (match !== undefined && names.size === 1) {
    const chosen = match.binding.connection.name;
    const admitting = grant?.permits(chosen, address) === true ? grant : undefined;
    const dialOptions = match.address === undefined ? {} : { address: match.address };
    return { outcome: 'chosen', connection: chosen, requested, dialOptions, grant: admitting };
  }
  if (names.size > 1) {
    const candidates = [...names].join(', ');
    const detail = `${requested} is the target of several connections (${candidates}). Request one of them by name.`;
    return refused(new ClientDenied('connection-unknown', detail));
  }
  // Another grant may permit a connection that matches but that the client cannot use now.
  const unusable = bindings.filter((binding) => !mayUse(binding) && binding.allowList.admits(address));
  const matchesUnusable =
    matchesOf(unusable, name, isConnectionName ? undefined : target, offerOf).length > 0;
  if (matchesUnusable) return notPermitted();
  if (!isConnectionName && usable.some(({ connection }) => offerOf(connection.name, target) === 'unknown')) {
    const detail =
      `No agent is connected that knows whether ${requested} is the target of a connection. ` +
      'Request the connection by name.';
    return refused(new TunnelError('NO_AGENT', detail));
  }
  const detail =
    `${requested} is not a connection that the client may use through this ingress, ` +
    'and not the target of one.';
  return refused(new ClientDenied('connection-unknown', detail));
}

function withoutUsableGrant(
  requested: string,
  { host, credentials }: ProxyRequest,
  grants: Pick<IngressServices['grants'], 'endOf'>,
): ClientDenied {
  const presented = [parseRequestedHost(host).grant, ...credentials].filter(
    (text) => text !== undefined && isGrant(text),
  );
  if (presented.length === 0) {
    return new ClientDenied('grant-missing', `The client requested ${requested} without a grant.`);
  }
  const end = presented.map((text) => grants.endOf(text ?? '')).find((each) => each !== undefined);
  const [reason, problem] = problems[end ?? 'unknown'];
  return new ClientDenied(reason, `The client requested ${requested} with a grant that ${problem}.`);
}

const problems = {
  expired: ['grant-expired', 'has expired'],
  revoked: ['grant-revoked', 'was revoked'],
  // A grant that expired or was revoked long ago is no longer known.
  unknown: ['grant-unknown', 'does not exist, has expired or was revoked'],
} as const;

/**
 * The connection that a client requested by name, or the only one of the ingress. Requests by target are not resolved:
 * that would let clients without a grant search the sessions of all agents.
 */
function requestedConnection(bindings: readonly ProxyBinding[], name: string): string | undefined {
  const names = new Set(bindings.map(({ connection }) => connection.name));
  const [only] = names;
  return names.size === 1 ? only : [...names].find((each) => each.toLowerCase() === name);
}

const notPermittedBy = (grant: ActiveGrant, requested: string, address: string) =>
  grant.allowsSource(address)
    ? `Grant ${grant.id} does not permit ${requested}.`
    : `Grant ${grant.id} may not be used from ${address}.`;

/** The bindings whose connection has this name, or otherwise this target. Without `target` only the name counts. */
function matchesOf(
  bindings: readonly ProxyBinding[],
  name: string,
  target: string | undefined,
  offerOf: IngressServices['offerOf'],
): Match[] {
  const named = bindings.filter(({ connection }) => connection.name.toLowerCase() === name);
  if (named.length > 0 || target === undefined)
    return named.map((binding) => ({ binding, address: undefined }));
  return bindings
    .filter(({ connection }) => offerOf(connection.name, target) === 'offered')
    .map((binding) => ({ binding, address: target }));
}
