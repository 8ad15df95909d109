import type { GatewayConfig } from '@penstock/config-schema';
import type { OidcSettings } from '@penstock/sign-in';
import type { Store } from '@penstock/store';
import type { AlertService } from '../alerts/led-alerts.ts';
import type { Silences } from '../alerts/silences.ts';
import type { Approvals } from '../approvals/approvals.ts';
import type { FleetActions } from '../approvals/fleet-actions.ts';
import type { Attention } from '../attention/attention.ts';
import type { ConnectionLog } from '../connection-log/connection-log.ts';
import type { FleetEvents } from '../events/events.ts';
import type { Explanation } from '../fleet/explanation.ts';
import type { OpenFleet } from '../fleet/open-fleet.ts';
import type { Grants } from '../grants/grants.ts';
import type { History } from '../history/open-history.ts';
import type { EnrollmentRefusals } from '../identity/enrollment-refusals.ts';
import type { EnrollmentTokens } from '../identity/enrollment-token.ts';
import type { Revocation } from '../identity/revocation.ts';
import type { AgentRequests } from '../requests/agent-requests.ts';
import type { AdminTls } from './admin-tls.ts';
import type { AskReplicas, ConnectedClients } from './connected-clients.ts';
import type { ConnectionView } from './connections.ts';
import type { ConsoleSource } from './console-pages.ts';
import type { FleetReader } from './fleet-reader.ts';
import type { GatewayFacts } from './gateway.ts';
import type { MetricsSource, Readiness } from './health.ts';
import type { ApiFailure } from './problem-handler.ts';
import type { ReplicaView } from './replicas.ts';
import type { RolloutApi } from './rollouts.ts';
import type { SessionListing } from './sessions.ts';

export type ApiDependencies = {
  readonly store: Store;
  readonly tokens: EnrollmentTokens;
  readonly refusals: Pick<EnrollmentRefusals, 'list'>;
  readonly revocation: Revocation;
  /** Requests to agents for what only they know. */
  readonly requests: AgentRequests;
  readonly fleet: FleetReader &
    Pick<OpenFleet, 'versions' | 'pinListing' | 'pools' | 'poolViews' | 'listed' | 'stateCounts'>;
  readonly actions: FleetActions;
  readonly connectionLog: Pick<ConnectionLog, 'list' | 'isStored' | 'followers'>;
  /** The clients of this gateway. */
  readonly clients: ConnectedClients;
  /** Asks the other replicas for what only they know; see `answerReplica`. A gateway that is alone asks none. */
  readonly askReplicas?: AskReplicas | undefined;
  readonly connections: () => readonly ConnectionView[];
  readonly explain: (connection: string, client: string | undefined) => Promise<Explanation | undefined>;
  readonly history: History['samples'];
  readonly sessions: SessionListing;
  readonly gateway: () => GatewayFacts;
  readonly attention: () => Promise<Attention>;
  /** All replicas by name; none for the only gateway on its store. */
  readonly replicas?: () => readonly ReplicaView[];
  readonly readiness: () => Readiness;
  readonly metrics: MetricsSource;
  readonly events: FleetEvents;
  readonly approvals: Approvals;
  readonly alerts: Pick<AlertService, 'firing' | 'test' | 'receivers'>;
  readonly silences: Pick<Silences, 'silenceOf' | 'create' | 'end'>;
  /** Of gateway.yaml in force. */
  readonly alertConfig: () => Pick<GatewayConfig, 'alerts' | 'receivers'>;
  readonly grants: Grants;
  readonly rollouts: RolloutApi;
  /** Called for every request that failed through a fault of the gateway. */
  readonly report: (failure: ApiFailure) => void;
  /** The web console; not served if omitted. */
  readonly webConsole?: ConsoleSource | undefined;
  /** Compiles all schemas when the API becomes ready, rather than each when it is first used. */
  readonly compileSchemas?: boolean | undefined;
  readonly clock?: () => number;
  /** The names by which browsers may reach this gateway. */
  readonly names: GatewayNames;
  /** Plaintext HTTP if omitted. */
  readonly tls?: AdminTls | undefined;
};

export type GatewayNames = {
  /** `console.url` of gateway.yaml in force. */
  readonly url: () => string | undefined;
  /** `signIn.oidc` of gateway.yaml in force. */
  readonly oidc: () => OidcSettings | undefined;
  readonly organization: () => string;
  /** PEM of the certificate of the admin address in force, if it has one. */
  readonly certificate: () => string | undefined;
  /** The name of this machine. */
  readonly hostName: string;
};
