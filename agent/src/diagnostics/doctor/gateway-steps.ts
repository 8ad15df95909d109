import { lookup } from 'node:dns/promises';
import type { ClientHttp2Session } from 'node:http2';
import { isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type AgentConfig, formatHostPort, type HostPort } from '@penstock/config-schema';
import { certificatePin, errorCode, errorText, ProblemError, paths, problemCodes } from '@penstock/wire';
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
import { type Step, StepFailure } from './run-steps.ts';
import { tokenStep } from './token-step.ts';

const TIMEOUT_MS = 10_000;
/** Clock skew beyond which certificates and heartbeats are affected. */
const MAX_CLOCK_SKEW_SECONDS = 30;

export type GatewayStepsOptions = {
  readonly config: AgentConfig;
  readonly environment: Environment;
  /** The result of the step `identity`. */
  readonly credentials: () => AgentCredentials | undefined;
  /** Collects opened resources, which the caller closes. */
  readonly opened: DisposableStack;
};

/**
 * Checks the route to the gateway that a session uses, up to the agent's admission. It opens no control stream, which would
 * count as a session of the agent that runs here.
 */
export function gatewaySteps({ config, environment, credentials, opened }: GatewayStepsOptions): Step[] {
  const { gateway } = config;
  let next: HostPort = gateway.address;
  let peer = 'the gateway';
  let addresses: readonly Address[] = [];
  let socket: TLSSocket | undefined;
  let session: ClientHttp2Session | undefined;
  /** Undefined until the gateway was asked. */
  let isAdmitted: boolean | undefined;
  let date: { readonly there: number; readonly here: number } | undefined;
  const where = () => `${peer} (${formatHostPort(next)})`;

  return [
    {
      name: 'proxy',
      needs: ['configuration'],
      run: async () => {
        const proxy = proxyFor(gateway.proxy, gateway.address, environment);
        if (proxy === undefined) return { message: 'The gateway is reached without a proxy.' };
        const defaultPort = proxy.protocol === 'https:' ? 443 : 80;
        next = { host: proxy.hostname.replace(/^\[|\]$/g, ''), port: Number(proxy.port || defaultPort) };
        peer = 'the proxy';
        const authentication = proxy.username === '' ? 'without credentials' : 'with credentials';
        return { message: `The gateway is reached through the proxy ${proxy.host}, ${authentication}.` };
      },
    },
    {
      name: 'dns',
      needs: ['proxy'],
      run: async () => {
        const { host } = next;
        if (isIP(host) !== 0) {
          addresses = [{ address: host, family: isIP(host) }];
          return { message: `${host} is an IP address.` };
        }
        try {
          addresses = await lookup(host, { all: true, order: 'verbatim' });
        } catch (cause) {
          throw new StepFailure(
            `${host} cannot be resolved: ${errorText(cause)}.`,
            'Check the name, and the name servers and search domains of this host or container (/etc/resolv.conf).',
            { cause },
          );
        }
        return { message: `${host} resolves to ${addresses.map(({ address }) => address).join(', ')}.` };
      },
    },
    {
      name: 'tcp',
      needs: ['dns'],
      run: async () => {
        try {
          await closeGracefully(
            await connectTarget(next.host, addresses, next.port, AbortSignal.timeout(TIMEOUT_MS)),
          );
        } catch (cause) {
          throw new StepFailure(
            `Cannot connect to ${where()}: ${errorText(cause)}.`,
            adviceForConnect(cause, peer, next, gateway.url),
            { cause },
          );
        }
        return { message: `${where()} accepts connections.` };
      },
    },
    {
      name: 'tls',
      needs: ['tcp'],
      run: async () => {
        const client = credentials();
        try {
          socket = await dialGateway(gateway, {
            environment,
            signal: new AbortController().signal,
            identity: client && { key: client.key.reveal(), certificate: client.certificate },
            timeout: TIMEOUT_MS,
          });
        } catch (cause) {
          throw new StepFailure(errorText(cause), adviceFor(cause), { cause });
        }
        opened.adopt(socket, (each) => each.destroy());
        const certificate = socket.getPeerX509Certificate();
        const presented =
          certificate === undefined
            ? ''
            : `, ${certificatePin(certificate.publicKey)}, issued by ${oneLine(certificate.issuer)}`;
        return { message: `${socket.getProtocol()} with the pinned gateway${presented}.` };
      },
    },
    {
      name: 'http2',
      needs: ['tls'],
      run: async () => {
        if (socket === undefined) throw new TypeError('There is no connection.');
        session = await openHttp2Session(socket, gateway.url);
        const sent = Date.now();
        const answer = await withTimeout(requestOn(session, { method: 'GET', path: paths.health }));
        const took = Date.now() - sent;
        if (answer.date !== undefined) date = { there: answer.date, here: sent + took / 2 };
        return {
          message: `The gateway supports HTTP/2 with extended CONNECT and answered within ${took} ms.`,
        };
      },
    },
    {
      name: 'clock',
      needs: ['http2'],
      run: async () => {
        if (date === undefined) return { verdict: 'skipped', message: 'The gateway sent no Date header.' };
        // The header has a resolution of one second.
        const seconds = Math.round((date.there + 500 - date.here) / 1000);
        const sentence = `The clock of the gateway is ${Math.abs(seconds)} s ${seconds >= 0 ? 'ahead of' : 'behind'} this host's.`;
        if (Math.abs(seconds) <= MAX_CLOCK_SKEW_SECONDS) return { message: sentence };
        throw new StepFailure(sentence, 'Synchronize the clocks of both hosts by NTP.');
      },
    },
    {
      name: 'admission',
      needs: ['http2', 'identity'],
      run: async () => {
        const open = session;
        if (open === undefined || credentials() === undefined) {
          return { verdict: 'skipped', message: 'There is no identity yet.' };
        }
        try {
          isAdmitted = false;
          const { name, pool, pinned } = await withTimeout(
            gatewayFacts((request) => requestOn(open, request)),
          );
          isAdmitted = true;
          const drift =
            pinned === undefined || pinned.digest === config.digest
              ? ''
              : ` It pins version ${pinned.version}, but this file is version ${config.version} with another digest.`;
          return {
            message: `The gateway knows this agent as ${name} of pool ${pool}.${drift}`,
            ...(drift !== '' && { advice: 'Compare them with penstock-agent config diff --pinned.' }),
          };
        } catch (cause) {
          throw new StepFailure(errorText(cause), adviceFor(cause), { cause });
        }
      },
    },
    tokenStep({
      config,
      isNeeded: () => isAdmitted !== true,
      hasKey: () => credentials() !== undefined,
      send: async (request) => {
        if (session === undefined) throw new TypeError('There is no connection.');
        return withTimeout(requestOn(session, request));
      },
    }),
  ];
}

/** A refusal is the answer of a host that was reached: nothing listens on that port, or a firewall rejects openly. */
function adviceForConnect(error: unknown, peer: string, { host, port }: HostPort, url: string): string {
  if (errorCode(error) !== 'REFUSED') {
    return `Check that firewalls allow this host to connect to ${host} port ${port}.`;
  }
  const setting = peer === 'the proxy' ? 'gateway.proxy, or HTTPS_PROXY,' : 'gateway.url';
  if (peer === 'the gateway' && !/:\d+\/?$/.test(url)) {
    return `gateway.url names no port, and the default is ${port}. Add the port of the gateway's listen.tunnel, such as ${url.replace(/\/$/, '')}:8443.`;
  }
  return `Nothing accepts connections on port ${port} of ${host}. Check that ${setting} names the right port, and that ${peer} is running.`;
}

function adviceFor(error: unknown): string {
  if (error instanceof ProblemError) return problemCodes[error.code].advice;
  if (!(error instanceof GatewayError)) return '';
  switch (error.code) {
    case 'GATEWAY_PIN_MISMATCH':
    case 'GATEWAY_CERTIFICATE_INVALID':
      return 'Check gateway.pins and gateway.trust. A device that inspects TLS must exempt this connection.';
    case 'PROXY_REFUSED':
    case 'PROXY_INVALID':
    case 'PROXY_UNREACHABLE':
      return 'Check gateway.proxy, or HTTPS_PROXY and NO_PROXY.';
    default:
      return 'Check that gateway.url names the tunnel port of a penstock-gateway, and check devices in between.';
  }
}

async function withTimeout<Value>(promise: Promise<Value>): Promise<Value> {
  const { promise: timeout, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new GatewayError('GATEWAY_TIMEOUT', `No answer within ${TIMEOUT_MS / 1000} s.`)),
    TIMEOUT_MS,
  );
  return Promise.race([promise, timeout]).finally(() => clearTimeout(timer));
}

const oneLine = (distinguishedName: string) => distinguishedName.split('\n').join(', ');
