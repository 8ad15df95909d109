import { lookup } from 'node:dns/promises';
import type { ClientHttp2Session } from 'node:http2';
import { isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { AgentConfig, HostPort } from '@penstock/config-schema';
import { certificatePin, errorText, ProblemError, paths, problemCodes } from '@penstock/wire';
import type { AgentCredentials } from '../../identity/agent-credentials.ts';
import { closeGracefully } from '../../target/close-gracefully.ts';
import { connectTarget } from '../../target/dial-target.ts';
import type { Address } from '../../target/lookup.ts';
import { dialGateway } from '../../tunnel/dial-gateway.ts';
import { GatewayError } from '../../tunnel/gateway-error.ts';
import { openHttp2Session } from '../../tunnel/http2-session.ts';
import { requestOn } from '../../tunnel/plain-request.ts';
import { type Environment, proxyFor } from '../../tunnel/proxy.ts';
import { gatewayFacts } from '../gateway-facts.ts';
import { Complaint, type Step } from './examine.ts';

const PATIENCE = 10_000;
/** Seconds that clocks may differ before certificates and heartbeats suffer. */
const SKEW = 30;

export type GatewayStepsOptions = {
  readonly config: AgentConfig;
  readonly environment: Environment;
  /** What the step `identity` has found. */
  readonly identity: () => AgentCredentials | undefined;
  /** What was opened on the way; the caller closes it. */
  readonly opened: DisposableStack;
};

/**
 * The way to the gateway, as a session takes it, up to the question who this agent is. It opens no control stream: that
 * would take a place among the sessions of the agent that runs here.
 */
export function gatewaySteps({ config, environment, identity, opened }: GatewayStepsOptions): Step[] {
  const { gateway } = config;
  let next: HostPort = gateway.address;
  let what = 'the gateway';
  let addresses: readonly Address[] = [];
  let socket: TLSSocket | undefined;
  let session: ClientHttp2Session | undefined;
  let date: { readonly there: number; readonly here: number } | undefined;
  const where = () => `${what}, ${next.host}:${next.port}`;

  return [
    {
      name: 'proxy',
      needs: ['configuration'],
      look: async () => {
        const proxy = proxyFor(gateway.proxy, gateway.address, environment);
        if (proxy === undefined) return { sentence: 'The way to the gateway leads through no proxy.' };
        const standard = proxy.protocol === 'https:' ? 443 : 80;
        next = { host: proxy.hostname.replace(/^\[|\]$/g, ''), port: Number(proxy.port || standard) };
        what = 'the proxy';
        const credentials = proxy.username === '' ? 'without credentials' : 'with credentials';
        return { sentence: `The way leads through the proxy ${proxy.host}, ${credentials}.` };
      },
    },
    {
      name: 'dns',
      needs: ['proxy'],
      look: async () => {
        const { host } = next;
        if (isIP(host) !== 0) {
          addresses = [{ address: host, family: isIP(host) }];
          return { sentence: `${host} is an address already.` };
        }
        try {
          addresses = await lookup(host, { all: true, order: 'verbatim' });
        } catch (cause) {
          throw new Complaint(
            `${host} cannot be resolved: ${errorText(cause)}.`,
            'Check the name, and the name servers of this host or container (/etc/resolv.conf).',
            { cause },
          );
        }
        return { sentence: `${host} is ${addresses.map(({ address }) => address).join(', ')}.` };
      },
    },
    {
      name: 'tcp',
      needs: ['dns'],
      look: async () => {
        try {
          await closeGracefully(
            await connectTarget(next.host, addresses, next.port, AbortSignal.timeout(PATIENCE)),
          );
        } catch (cause) {
          throw new Complaint(
            `No connection to ${where()}: ${errorText(cause)}.`,
            `Check that a firewall lets this host connect to ${next.host} port ${next.port}.`,
            { cause },
          );
        }
        return { sentence: `${where()} takes connections.` };
      },
    },
    {
      name: 'tls',
      needs: ['tcp'],
      look: async () => {
        const own = identity();
        try {
          socket = await dialGateway(gateway, {
            environment,
            signal: new AbortController().signal,
            identity: own && { key: own.key.reveal(), certificate: own.certificate },
            timeout: PATIENCE,
          });
        } catch (cause) {
          throw new Complaint(errorText(cause), adviceFor(cause), { cause });
        }
        opened.adopt(socket, (each) => each.destroy());
        const certificate = socket.getPeerX509Certificate();
        const presented =
          certificate === undefined
            ? ''
            : `, ${certificatePin(certificate.publicKey)}, issued by ${oneLine(certificate.issuer)}`;
        return { sentence: `${socket.getProtocol()} with the pinned gateway${presented}.` };
      },
    },
    {
      name: 'http2',
      needs: ['tls'],
      look: async () => {
        if (socket === undefined) throw new TypeError('There is no connection.');
        session = await openHttp2Session(socket, gateway.url);
        const sent = Date.now();
        const answer = await within(requestOn(session, { method: 'GET', path: paths.health }));
        const took = Date.now() - sent;
        if (answer.date !== undefined) date = { there: answer.date, here: sent + took / 2 };
        return {
          sentence: `The gateway speaks HTTP/2 with extended CONNECT, and answers within ${took} ms.`,
        };
      },
    },
    {
      name: 'clock',
      needs: ['http2'],
      look: async () => {
        if (date === undefined) return { verdict: 'skipped', sentence: 'The gateway did not tell its time.' };
        // The header knows whole seconds only.
        const seconds = Math.round((date.there + 500 - date.here) / 1000);
        const sentence = `The clock of the gateway is ${Math.abs(seconds)} s ${seconds >= 0 ? 'ahead of' : 'behind'} this host's.`;
        if (Math.abs(seconds) <= SKEW) return { sentence };
        throw new Complaint(sentence, 'Have both hosts set their clocks by NTP.');
      },
    },
    {
      name: 'admission',
      needs: ['http2', 'identity'],
      look: async () => {
        const open = session;
        if (open === undefined || identity() === undefined) {
          return { verdict: 'skipped', sentence: 'There is no identity to be admitted with yet.' };
        }
        try {
          const { name, pool, pinned } = await within(gatewayFacts((request) => requestOn(open, request)));
          const drift =
            pinned === undefined || pinned.digest === config.digest
              ? ''
              : ` Version ${pinned.version} is pinned, and this file is another: version ${config.version}.`;
          return {
            sentence: `The gateway knows this agent as ${name} of pool ${pool}.${drift}`,
            ...(drift !== '' && { advice: 'See what differs with penstock-agent config diff --pinned.' }),
          };
        } catch (cause) {
          throw new Complaint(errorText(cause), adviceFor(cause), { cause });
        }
      },
    },
  ];
}

function adviceFor(error: unknown): string {
  if (error instanceof ProblemError) return problemCodes[error.code].advice;
  if (!(error instanceof GatewayError)) return '';
  switch (error.code) {
    case 'GATEWAY_PIN_MISMATCH':
    case 'GATEWAY_CERTIFICATE_INVALID':
      return 'Compare with gateway.pins and gateway.trust; a device in between that ends TLS has to let this host through.';
    case 'PROXY_REFUSED':
    case 'PROXY_INVALID':
    case 'PROXY_UNREACHABLE':
      return 'Check gateway.proxy, or HTTPS_PROXY and NO_PROXY.';
    default:
      return 'Check that gateway.url names the tunnel port of a penstock-gateway, and what is in between.';
  }
}

async function within<Value>(promise: Promise<Value>): Promise<Value> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new GatewayError('GATEWAY_TIMEOUT', `No answer within ${PATIENCE / 1000} s.`)),
    PATIENCE,
  );
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

const oneLine = (distinguishedName: string) => distinguishedName.split('\n').join(', ');
