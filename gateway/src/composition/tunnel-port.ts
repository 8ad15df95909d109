import { addressRanges, type GatewayConfig } from '@penstock/config-schema';
import { agentFacts, withStoreProblems } from '@penstock/control-plane';
import type { Clock } from '@penstock/runtime';
import type { Store } from '@penstock/store';
import type { WindowBudget } from '@penstock/transport';
import { TunnelError } from '@penstock/wire';
import { ClientReader } from '../ingress/client-reader.ts';
import { readProxyHeader } from '../ingress/proxy-protocol.ts';
import { Admission } from '../tunnel/admission.ts';
import { type Endpoint, openEndpoint } from '../tunnel/endpoint.ts';
import type { LoadBalancers } from '../tunnel/paused-listener.ts';
import type { PeerOptions } from '../tunnel/peer-session.ts';
import type { Registry } from '../tunnel/registry.ts';
import type { CertificateAndKey } from './certificates.ts';
import type { ControlPlane } from './control-plane.ts';
import type { GatewayLog } from './event-catalogue.ts';
import { namingAddress } from './listening.ts';
import { loggedIdentity } from './logged-identity.ts';
import { releaseFiles } from './release-files.ts';

export type TunnelPortOptions = {
  readonly config: () => GatewayConfig;
  readonly certificate: CertificateAndKey;
  readonly registry: Registry;
  readonly windows: WindowBudget;
  /** Whether there are other replicas. */
  readonly isReplicated: boolean;
  readonly replica: PeerOptions['session']['replica'];
  readonly store: Store;
  readonly controlPlane: ControlPlane;
  readonly epoch: string;
  readonly clock: Clock;
  readonly log: GatewayLog;
};

/** Opens the tunnel port for agents. Throws when it cannot listen on `listen.tunnel`. */
export async function openTunnelPort(
  scope: AsyncDisposableStack,
  options: TunnelPortOptions,
): Promise<Endpoint> {
  const { config, certificate, registry, store, controlPlane, clock, log } = options;
  const { identity, fleet, requests } = controlPlane;
  const { listen, tunnel, organization } = config();
  const endpoint = await namingAddress('listen.tunnel', listen.tunnel, () =>
    openEndpoint({
      listen: listen.tunnel,
      tls: { ...certificate, agentAuthority: identity.authority.caPem },
      organization,
      loadBalancers: tunnel.proxyProtocol && loadBalancersOf(tunnel.proxyProtocol.from),
      handshakeTimeout: tunnel.handshakeTimeout,
      authenticationTimeout: tunnel.handshakeTimeout,
      controlPlane: {
        identity: loggedIdentity(identity, fleet, log),
        agents: {
          expects: (agentId, requestId) => requests.expects(agentId, requestId),
          claim: (agentId, requestId) => requests.claim(agentId, requestId),
          answeredAtLength: (agentId, requestId, value) =>
            requests.answeredAtLength(agentId, requestId, value),
          describe: (agent) => withStoreProblems(() => agentFacts(agent, { store, pins: fleet.pins }, clock)),
        },
        fleet,
        releases: releaseFiles(config().dataDirectory),
      },
      admission: new Admission(tunnel, clock),
      session: sessionOptions(options),
      log,
    }),
  );
  scope.defer(async () => {
    for (const session of [...registry.localSessions])
      session.end(new TunnelError('SESSION_LOST', 'The gateway stops.'));
    await endpoint.close();
  });
  return endpoint;
}

/** Load balancers in front of the tunnel port, as they are in front of an ingress. */
function loadBalancersOf(from: readonly string[]): LoadBalancers {
  const isOne = addressRanges(from);
  return {
    isOne,
    async readAddress(socket, signal) {
      const header = await readProxyHeader(new ClientReader(socket, signal));
      return header.is === 'client' ? header.source.address : undefined;
    },
  };
}

function sessionOptions(options: TunnelPortOptions): PeerOptions['session'] {
  const { config, registry, windows, isReplicated, replica, epoch, clock, log } = options;
  const { organization, tunnel } = config();
  return {
    self: { id: organization, epoch },
    clock,
    windows,
    isSole: !isReplicated,
    replica,
    ping: { interval: tunnel.pingInterval, timeout: tunnel.pingTimeout },
    helloTimeout: tunnel.handshakeTimeout,
    heartbeatInterval: () => config().health.heartbeatInterval,
    drainTimeout: () => config().drain.timeout,
    log,
    registry,
  };
}
