import { type CloseCode, isGrant, TunnelError } from '@penstock/wire';
import type { ActiveGrant } from '../../access/active-grant.ts';
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
  const refused = (code: CloseCode, detail: string): Choice => ({
    outcome: 'refused',
    hadGrant: grant !== undefined,
    error: new TunnelError(code, detail),
  });
  const notPermitted = () =>
    grant === undefined
      ? withoutUsableGrant(requested, request)
      : refused('CLIENT_DENIED', notPermittedBy(grant, requested, address));
  if (usable.length === 0) return notPermitted();

  const target = hostPortText(name, request.port);
  const matches = matchesOf(usable, name, isConnectionName ? undefined : target, offerOf);
  const names = new Set(matches.map(({ binding }) => binding.connection.name));
  const [match] = matches;
  if (match !== undefined && names.size === 1) {
    const connection = match.binding.connection.name;
    const admitting = grant?.permits(connection, address) === true ? grant : undefined;
    const dialOptions = match.address === undefined ? {} : { address: match.address };
    return { outcome: 'chosen', connection, dialOptions, grant: admitting };
  }
  if (names.size > 1) {
    const candidates = [...names].join(', ');
    const detail = `${requested} is the target of several connections (${candidates}). Request one of them by name.`;
    return refused('CLIENT_DENIED', detail);
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
    return refused('NO_AGENT', detail);
  }
  const detail =
    `${requested} is not a connection that the client may use through this ingress, ` +
    'and not the target of one.';
  return refused('CLIENT_DENIED', detail);
}

function withoutUsableGrant(requested: string, { host, credentials }: ProxyRequest): Choice {
  const hadUnusableGrant = parseRequestedHost(host).grant !== undefined || credentials.some(isGrant);
  const detail = hadUnusableGrant
    ? `The client requested ${requested} with a grant that does not exist, has expired or was revoked.`
    : `The client requested ${requested} without a grant.`;
  return { outcome: 'credentials', hadGrant: false, error: new TunnelError('CLIENT_DENIED', detail) };
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
