import { ConnectionResource } from '@penstock/api-schema';
import { CommandError } from '@penstock/terminal';
import type { ApiClient } from '../api/api-client.ts';
import { everyPage } from '../api/pages.ts';

/** Why a grant cannot be used for some of the connections that it permits, one sentence for each. */
export async function unusableConnections(api: ApiClient, names: readonly string[]): Promise<string[]> {
  let items: ConnectionResource[];
  try {
    ({ items } = await everyPage(api, ConnectionResource, 'connections'));
  } catch (error) {
    // A warning must not fail the command, which has created the grant already.
    if (error instanceof CommandError) return [];
    throw error;
  }
  return names.flatMap((name) => {
    const connection = items.find((each) => each.name === name);
    if (connection === undefined || connection.ingress.some(takesGrants)) return [];
    const kinds = [...new Set(connection.ingress.map(({ kind }) => kind))];
    const proxies = connection.ingress.some(({ grant }) => grant === 'none');
    if (proxies) return [`${name} needs no grant: its proxies have grant: none in gateway.yaml.`];
    const ways = kinds.length === 0 ? 'no open ingress' : `only ${kinds.join(' and ')}`;
    return [
      `No grant can be used for ${name}: it has ${ways}. Add a socks5 or httpConnect ingress in gateway.yaml.`,
    ];
  });
}

const takesGrants = ({ kind, grant }: ConnectionResource['ingress'][number]) =>
  (kind === 'socks5' || kind === 'httpConnect') && grant !== 'none';
