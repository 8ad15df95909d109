import type { GatewayConfig } from '@penstock/config-schema';
import { ConnectionLog, type ControlPlaneLog, lifeOf } from '@penstock/control-plane';
import type { Clock } from '@penstock/runtime';
import { openConnectionLog, openPostgresLog } from '@penstock/store';
import type { ConnectionLogPort } from '../control-plane-port.ts';
import type { DataPlane } from './data-plane.ts';
import { postgresOptions } from './gateway-store.ts';
import { replicaName } from './replica-name.ts';

export type ConnectionLogStageOptions = {
  readonly config: () => GatewayConfig;
  /** New at each start. */
  readonly epoch: string;
  /** Which ids are this replica's. Called for each client. */
  readonly slot: () => number;
  readonly clock: Clock;
  readonly log: ControlPlaneLog;
};

/** Starts the connection log, which opens its file by itself. Nothing waits for it and a failure is only logged. */
export function startConnectionLog(
  scope: AsyncDisposableStack,
  { config, epoch, slot, clock, log }: ConnectionLogStageOptions,
): ConnectionLog {
  const { dataDirectory, store, cluster } = config();
  const connectionLog = new ConnectionLog({
    open: () =>
      store === undefined
        ? openConnectionLog(dataDirectory, {
            onReplaced: (file) => log('connection-log-replaced', { file }),
          })
        : openPostgresLog({ target: postgresOptions(store).target, gateway: epoch, leaseOf: lifeOf('') }),
    settings: () => {
      const { store, retention, maxSize } = config().connectionLog;
      return { isStored: store === 'on', retention, maxSize };
    },
    replica: cluster && replicaName(cluster),
    slot: cluster && slot,
    clock,
    log,
  });
  scope.defer(() => connectionLog.stop());
  return connectionLog;
}

/** The log as the data plane sees it. */
export function connectionLogPort(
  connectionLog: Pick<ConnectionLog, 'begin' | 'denied'>,
  { routes }: Pick<DataPlane, 'routes'>,
): ConnectionLogPort {
  return {
    begin: ({ connection, address, port, ingress, ingressKind, host, grant, subject }) => {
      const connector = routes.route(connection)?.connector;
      return connectionLog.begin({
        connection,
        connector,
        address,
        port,
        ingress,
        ingressKind,
        host,
        grant,
        subject,
      });
    },
    denied: (client) => connectionLog.denied(client),
  };
}
