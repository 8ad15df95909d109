import { type CloseCode, isGrant, TunnelError } from '@penstock/wire';
import type { ActiveGrant } from '../../access/active-grant.ts';
import type { DialOptions } from '../../routing/dial.ts';
import { hostPortText } from '../../routing/host-port-text.ts';
import type { ClientSource } from '../client-source.ts';
import type { IngressBinding, IngressServices } from '../ingress-handler.ts';
import { parseRequestedHost, redactHost } from './requested-host.ts';

/** What a client asks of a proxy. */
export type Asked = {
  /** A name or an address without brackets; never resolved here. */
  readonly host: string;
  readonly port: number;
  /** What it showed of itself. Anything that is no grant says nothing: stock JVMs send the name of their user. */
  readonly credentials: readonly string[];
};

export type Choice =
  | {
      readonly outcome: 'chosen';
      readonly connection: string;
      readonly wishes: DialOptions;
      /** The grant that lets the client in; undefined where the allow list does. */
      readonly grant: ActiveGrant | undefined;
    }
  /**
   * `credentials`: it may come again with others; `refused`: those would not help. `showedGrant`: what it showed of
   * itself was a usable grant, and the time of the answer must not tell that.
   */
  | {
      readonly outcome: 'credentials' | 'refused';
      readonly showedGrant: boolean;
      readonly error: TunnelError;
    };

type ProxyBinding = IngressBinding<'socks5' | 'httpConnect'>;
type Match = { readonly binding: ProxyBinding; readonly address: string | undefined };

/**
 * Which connection a client of a proxy gets. It asks by the connection's name, or for the target's own host and port;
 * what is neither is refused, so that this is no open proxy. Details name what was asked for, and never a grant.
 */
export function chooseConnection(
  asked: Asked,
  { address }: ClientSource,
  bindings: readonly ProxyBinding[],
  { grants, offerOf }: Pick<IngressServices, 'grants' | 'offerOf'>,
): Choice {
  const { name, isName, grant: label } = parseRequestedHost(asked.host);
  const grant = [label, ...asked.credentials]
    .map((text) => (text === undefined ? undefined : grants.find(text)))
    .find((each) => each !== undefined);
  const mayUse = ({ connection, ingress, isAllowed }: ProxyBinding) =>
    isAllowed(address) && (ingress.grant === 'none' || grant?.permits(connection.name, address) === true);
  const open = bindings.filter(mayUse);
  const shown = redactHost(name);
  const what = isName ? `${shown}.penstock` : hostPortText(shown, asked.port);
  const refused = (code: CloseCode, text: string): Choice => ({
    outcome: 'refused',
    showedGrant: grant !== undefined,
    error: new TunnelError(code, text),
  });
  const denyWithoutGrant = () =>
    grant === undefined ? unproven(what, asked) : refused('CLIENT_DENIED', notFor(grant, what, address));
  if (open.length === 0) return denyWithoutGrant();

  const target = hostPortText(name, asked.port);
  const matches = matchesOf(open, name, isName ? undefined : target, offerOf);
  const names = new Set(matches.map(({ binding }) => binding.connection.name));
  const [match] = matches;
  if (match !== undefined && names.size === 1) {
    const connection = match.binding.connection.name;
    const covering = grant?.permits(connection, address) === true ? grant : undefined;
    const wishes = match.address === undefined ? {} : { address: match.address };
    return { outcome: 'chosen', connection, wishes, grant: covering };
  }
  if (names.size > 1) {
    const choice = [...names].join(', ');
    const text = `${what} is the target of several connections, ${choice}: ask for one of them by its name.`;
    return refused('CLIENT_DENIED', text);
  }
  // With other credentials it may be one of the ways that are not open to it now.
  const closed = bindings.filter((binding) => !mayUse(binding) && binding.isAllowed(address));
  const isClosed = matchesOf(closed, name, isName ? undefined : target, offerOf).length > 0;
  if (isClosed) return denyWithoutGrant();
  if (!isName && open.some(({ connection }) => offerOf(connection.name, target) === 'unknown')) {
    const text = `No agent is there to say whether ${what} is a target of a connection. Ask by the connection's name.`;
    return refused('NO_AGENT', text);
  }
  const text = `${what} is neither a connection of this way in that the client may use nor a target of one.`;
  return refused('CLIENT_DENIED', text);
}

/** A client that showed no grant, or none that can be used. */
function unproven(what: string, { host, credentials }: Asked): Choice {
  const tried = parseRequestedHost(host).grant !== undefined || credentials.some(isGrant);
  const text = tried
    ? `The client asked for ${what} with a grant that does not exist, has expired or was revoked.`
    : `The client asked for ${what} and showed no grant.`;
  return { outcome: 'credentials', showedGrant: false, error: new TunnelError('CLIENT_DENIED', text) };
}

const notFor = (grant: ActiveGrant, what: string, address: string) =>
  grant.allowsSource(address)
    ? `The grant ${grant.id} is not for ${what}.`
    : `The grant ${grant.id} may not be used from ${address}.`;

/** By name where one has it; else by target, which is undefined where only a name will do. */
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
