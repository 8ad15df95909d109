import type fc from 'fast-check';
import { TestAuthority } from '../../../test/rig/certificates.ts';
import { parseDuration } from '../../src/field/duration.ts';
import { AgentFile } from '../../src/schema/agent-file.ts';
import { GatewayFile } from '../../src/schema/gateway-file.ts';
import { fileContent } from './file-content.ts';
import { type ReferringFile, withReferences } from './with-references.ts';

const authority = await TestAuthority.create('config test');
/** A certificate and its key, created for this run. */
export const keyPair = await authority.issue({ commonName: 'gateway' });

type Content = Record<string, unknown>;

/** Any valid agent.yaml. */
export const validAgentFile: fc.Arbitrary<ReferringFile> = fileContent(AgentFile, keyPair)
  .map((content) => {
    const file = content as Content;
    order(group(group(file, 'tunnel'), 'reconnect'), 'base', 'max');
    list(file, 'connectors').forEach(keepTlsToItsKind);
    return file;
  })
  .chain((content) => withReferences(content, AgentFile));

/** Any valid gateway.yaml. */
export const validGatewayFile: fc.Arbitrary<ReferringFile> = fileContent(GatewayFile, keyPair)
  .map((content) => {
    const file = content as Content;
    order(group(file, 'dial'), 'attemptTimeout', 'totalTimeout');
    order(group(file, 'health'), 'heartbeatInterval', 'staleAfter');
    for (const connection of list(file, 'connections')) {
      if (connection['kind'] === 'mysql') delete connection['kind'];
    }
    nameExisting(list(file, 'connections'), 'pools', list(file, 'pools'));
    nameExisting(list(file, 'alerts'), 'receivers', list(file, 'receivers'));
    if (list(file, 'receivers').length === 0) delete file['alerts'];
    for (const freeze of list(file, 'freezes')) {
      [freeze['from'], freeze['to']] = [freeze['from'], freeze['to']].toSorted();
      freeze['pools'] = list(file, 'pools')
        .slice(0, 1)
        .map(({ name }) => name);
    }
    for (const pool of list(file, 'pools')) delete group(pool, 'upgrade')['window'];
    list(file, 'connections')
      .flatMap((connection) => list(connection, 'ingress'))
      .forEach(keepToItsKind);
    if (!('url' in group(file, 'console'))) delete group(file, 'signIn')['oidc'];
    reachable(file);
    delete file['listen'];
    return file;
  })
  .chain((content) => withReferences(content, GatewayFile));

/** Removes two durations of a group, unless both are set and in order. */
function order(fields: Content, shorter: string, longer: string): void {
  if (milliseconds(fields[shorter]) <= milliseconds(fields[longer])) return;
  delete fields[shorter];
  delete fields[longer];
}

function milliseconds(text: unknown): number {
  const result = parseDuration(String(text));
  return result.ok ? result.value : Number.NaN;
}

/** Removes TLS fields that the kind of the connector does not allow, and incomplete pairs. */
function keepTlsToItsKind(connector: Content): void {
  if (!('tls' in connector)) return;
  if (connector['kind'] === 'mysql') delete connector['tls'];
  const tls = group(connector, 'tls');
  if (tls['mode'] === 'prefer' && connector['kind'] !== 'postgresql') delete tls['mode'];
  if ('certificate' in tls && 'key' in tls) return;
  delete tls['certificate'];
  delete tls['key'];
}

/** Gives an ingress its own port, and removes the fields that its kind does not have. */
function keepToItsKind(ingress: Content, index: number): void {
  const ownPort = (owner: Content, key: string) => {
    if (key in owner) owner[key] = String(owner[key]).replace(/:[0-9]+$/, `:${index + 1}`);
  };
  ownPort(ingress, 'tcp');
  for (const kind of ['sni', 'socks5', 'httpConnect']) ownPort(group(ingress, kind), 'listen');
  if (!('sni' in ingress)) delete ingress['mode'];
  if (!('httpConnect' in ingress)) delete ingress['tls'];
  if ('tcp' in ingress || 'sni' in ingress) delete ingress['grant'];
}

/** Gives a replica an address that others can reach, and a port that no ingress has. */
function reachable(file: Content): void {
  const cluster = group(file, 'cluster');
  if ('listen' in cluster) cluster['listen'] = String(cluster['listen']).replace(/:[0-9]+$/, ':8444');
  if (!('advertise' in cluster)) cluster['listen'] = '192.0.2.1:8444';
}

/** Replaces a list of names by names that exist. */
function nameExisting(things: readonly Content[], key: string, named: readonly Content[]): void {
  for (const thing of things) thing[key] = named.slice(0, 3).map(({ name }) => name);
}

function group(file: Content, key: string): Content {
  const value = file[key];
  return typeof value === 'object' && value !== null ? (value as Content) : {};
}

function list(file: Content, key: string): readonly Content[] {
  const value = file[key];
  return Array.isArray(value) ? value : [];
}
