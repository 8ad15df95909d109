import { controlPlaneEvents } from '@penstock/control-plane';
import type { EventLog } from '@penstock/observe';
import { dataPlaneEvents } from '../observe/event.ts';

/** Everything `penstock-gateway` logs: the events of the program itself, its data plane, and its control plane. */
export const gatewayEvents = {
  'gateway-started': ['info', 'The gateway has started.'],
  'gateway-draining': [
    'info',
    'The gateway is draining: it accepts no new clients and asks agents to connect elsewhere.',
  ],
  'gateway-stopped': ['info', 'The gateway has stopped.'],
  'tunnel-listening': ['info', 'The tunnel port accepts agents.'],
  'admin-listening': ['info', 'The admin address accepts connections.'],
  'admin-plaintext': [
    'warn',
    'The admin address can be reached from other hosts and does not use TLS: admin tokens are sent in plaintext.',
  ],
  'starter-gone': [
    'warn',
    'The process that started this program has ended without ending it: the program drains and exits.',
  ],
  'config-loaded': ['info', 'The configuration was reloaded and is in force.'],
  'config-refused': ['error', 'The new configuration is not valid; the previous one stays in force.'],
  'config-fields-ignored': ['warn', 'The file sets fields that this release ignores.'],
  'config-needs-restart': ['warn', 'Some of the changed fields take effect only after a restart.'],
  'data-not-locked': [
    'warn',
    'The data directory cannot be locked: nothing prevents a second gateway from using it.',
  ],
  'leader-elected': [
    'info',
    'This gateway is the leader of those on its store: it evaluates alerts and removes old entries.',
  ],
  'leader-resigned': ['info', 'Another gateway on the store evaluates alerts from now on.'],
  'replica-joined': ['info', 'This gateway has joined the other replicas on its store.'],
  'replica-connected': ['info', 'This gateway is connected to another replica and can use its agents.'],
  'replica-lost': ['warn', 'Another replica cannot be reached: its agents are hidden after two seconds.'],
  'rebalance-started': [
    'info',
    'This replica has more sessions than its share, and sends agents to the others, some at a time.',
  ],
  'rebalance-ended': ['info', 'The sessions of agents are spread over the replicas again.'],
  'membership-failed': [
    'error',
    'The lease of this replica could not be renewed: what is known of the others is used until the store answers.',
  ],
  'membership-recovered': ['info', 'The lease of this replica is renewed again.'],
  'file-exposed': ['warn', 'Other users of this host have access to a file that must be private.'],
  'config-surprising': ['warn', 'A field of the configuration may not do on every day what was meant.'],
  'file-damaged': ['warn', 'A file that is not needed now cannot be used.'],
  ...dataPlaneEvents,
  ...controlPlaneEvents,
} as const;

/** Logs one event of the gateway. Data plane and control plane receive it as a log of their own events. */
export type GatewayLog = EventLog<typeof gatewayEvents>;
