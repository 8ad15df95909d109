import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestAuthority, TestCertificate } from '../rig/certificates.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import type { Postgres } from '../rig/postgres.ts';
import { ManagedProcess } from '../rig/process.ts';

/** Server names of a test's clients, which connect to 127.0.0.1. */
export const HOSTS = {
  passthrough: 'passthrough.db.example',
  terminate: 'terminate.db.example',
} as const;

export type SniPairOptions = {
  readonly postgres: Postgres;
  /** The certificate presented to clients. */
  readonly certificate: TestCertificate;
  /** `connectors[].tls` of the agents' file. */
  readonly targetTls?: Readonly<Record<string, unknown>>;
  readonly clientAuthority?: TestAuthority;
  /** The environment that references in `targetTls` read. */
  readonly agentEnvironment?: Readonly<Record<string, string>>;
  readonly gateway?: Readonly<Record<string, unknown>>;
};

/** Starts a pair with one port for two connections to one database: `passthrough` and `terminate`. */
export async function startSniPair(options: SniPairOptions): Promise<Pair> {
  const { postgres, certificate, targetTls, clientAuthority } = options;
  const { host, port } = postgres.address;
  return startPair({
    targets: { passthrough: port, terminate: port },
    environment: {
      INGRESS_CERTIFICATE: certificate.chain,
      INGRESS_KEY: certificate.key,
      ...(clientAuthority && { CLIENT_AUTHORITY: clientAuthority.certificate }),
      ...options.agentEnvironment,
    },
    gateway: {
      ingressTls: {
        certificate: '${env:INGRESS_CERTIFICATE}',
        key: '${env:INGRESS_KEY}',
        ...(clientAuthority && { clientCa: '${env:CLIENT_AUTHORITY}' }),
      },
      connections: (['passthrough', 'terminate'] as const).map((name) => ({
        name,
        connector: name,
        kind: 'postgresql',
        pools: ['dc1'],
        ingress: [{ sni: { listen: '127.0.0.1:0', host: HOSTS[name] }, mode: name, allow: ['127.0.0.0/8'] }],
      })),
      ...options.gateway,
    },
    agent: {
      connectors: ['passthrough', 'terminate'].map((name) => ({
        name,
        kind: 'postgresql',
        address: `${host}:${port}`,
        ...(targetTls && { tls: targetTls }),
      })),
    },
  });
}

export type Psql = {
  readonly pair: Pair;
  readonly postgres: Postgres;
  readonly host: string;
  /** Further settings of libpq, by keyword. */
  readonly settings: Readonly<Record<string, string>>;
  readonly sql: string;
};

/** Starts psql, with `host` as the server name in TLS, connected to the gateway's address. */
export async function startPsql({ pair, postgres, host, settings, sql }: Psql): Promise<ManagedProcess> {
  const parameters: Readonly<Record<string, string>> = {
    host,
    hostaddr: '127.0.0.1',
    port: String(pair.port('passthrough')),
    user: postgres.user,
    dbname: postgres.database,
    connect_timeout: '10',
    ...settings,
  };
  const conninfo = Object.entries(parameters)
    .map(([key, value]) => `${key}='${value}'`)
    .join(' ');
  return ManagedProcess.start({
    command: 'psql',
    args: ['--no-psqlrc', '-At', '-c', sql, conninfo],
    env: { PGPASSWORD: postgres.password, HOME: '/nonexistent' },
  });
}

/** Writes a PEM file for other programs. Returns its path. */
export async function pemFile(directory: string, name: string, text: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text, { mode: 0o600 });
  return path;
}
