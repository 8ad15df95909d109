import type { ImportRule } from './import-rule.ts';
import { rooms } from './rooms.ts';

/** What every folder of the control plane may import: its packages, and the actor for audit entries. */
const CONTROL_PLANE_BASE = [
  ...(rooms.find(({ name }) => name === 'control-plane')?.mayImport ?? []),
  'control-plane/src/actor.ts',
];
const controlPlane = (...parts: readonly string[]) => parts.map((part) => `control-plane/src/${part}`);

/** The rules of the folders of the control plane; import-rules.ts has all others. */
export const controlPlaneRules: readonly ImportRule[] = [
  {
    from: 'control-plane/src',
    mayImport: [...CONTROL_PLANE_BASE, 'control-plane/src'],
    because: 'the control plane uses neither the sockets of the tunnel nor HTTP/2',
  },
  {
    from: 'control-plane/src/changes',
    mayImport: CONTROL_PLANE_BASE,
    because: 'the parts that depend on changes register with the feed; it knows none of them',
  },
  {
    from: 'control-plane/src/leadership',
    mayImport: CONTROL_PLANE_BASE,
    because: 'the duties of the leader register with it; it knows none of them',
  },
  {
    from: 'control-plane/src/identity',
    mayImport: [...CONTROL_PLANE_BASE, ...controlPlane('leadership')],
    because: 'identities are rows of the store',
  },
  {
    from: 'control-plane/src/pins',
    mayImport: CONTROL_PLANE_BASE,
    because: 'a pin is a row of the store, independent of the versions agents run',
  },
  {
    from: 'control-plane/src/grants',
    mayImport: [...CONTROL_PLANE_BASE, ...controlPlane('data-plane-port.ts')],
    because: 'a grant is a row of the store; the data plane enforces it through a port',
  },
  {
    from: 'control-plane/src/observe',
    mayImport: CONTROL_PLANE_BASE,
    because: 'an event is a level and a sentence, independent of the code that logs it',
  },
  {
    from: 'control-plane/src/fleet',
    mayImport: [...CONTROL_PLANE_BASE, ...controlPlane('pins', 'events', 'observe', 'data-plane-port.ts')],
    because: 'the state of the fleet is derived from sessions, the store and pins',
  },
  {
    from: 'control-plane/src/approvals',
    mayImport: [...CONTROL_PLANE_BASE, ...controlPlane('fleet', 'events', 'leadership')],
    because: 'an approved action runs exactly as if it had been called directly',
  },
  {
    from: 'control-plane/src/rollouts',
    mayImport: [
      ...CONTROL_PLANE_BASE,
      ...controlPlane('fleet', 'pins', 'approvals', 'events', 'observe', 'data-plane-port.ts'),
    ],
    because: 'a rollout changes agents through pins and messages, and reads the fleet to judge them',
  },
  {
    from: 'control-plane/src/restarts',
    mayImport: [...CONTROL_PLANE_BASE, ...controlPlane('fleet', 'requests', 'observe')],
    because: 'a restart policy reads the state of agents and sends them a request',
  },
  {
    from: 'control-plane/src/operations',
    mayImport: [...CONTROL_PLANE_BASE, ...controlPlane('fleet', 'approvals', 'identity', 'requests')],
    because: 'what can be done with agents is derived from their state, and done by others',
  },
  {
    from: 'control-plane/src/history',
    mayImport: [...CONTROL_PLANE_BASE, ...controlPlane('fleet', 'leadership', 'observe')],
    because: 'the history records what the fleet reports',
  },
  {
    from: 'control-plane/src/requests',
    mayImport: [...CONTROL_PLANE_BASE, ...controlPlane('fleet', 'pins', 'approvals')],
    because: 'requests address agents by name, and some require an approval',
  },
  {
    from: 'control-plane/src/connection-log',
    mayImport: [...CONTROL_PLANE_BASE, ...controlPlane('observe')],
    because: 'the data plane reports connections through a port; nothing else is needed to keep them',
  },
  {
    from: 'control-plane/src/events',
    mayImport: [...CONTROL_PLANE_BASE, ...controlPlane('fleet')],
    because: 'other parts of the control plane publish the events',
  },
  {
    from: 'control-plane/src/alerts',
    mayImport: [
      ...CONTROL_PLANE_BASE,
      ...controlPlane('fleet', 'events', 'observe', 'leadership', 'changes'),
    ],
    because: 'alerts are evaluated from the state of the fleet',
  },
  {
    from: 'control-plane/src/attention',
    mayImport: [...CONTROL_PLANE_BASE, ...controlPlane('fleet', 'alerts', 'history')],
    because:
      'it groups the conditions of agents, and those that alerts are evaluated from; the history says since when',
  },
  {
    from: 'control-plane/src/metrics',
    mayImport: [...CONTROL_PLANE_BASE, ...controlPlane('fleet', 'alerts', 'rollouts', 'restarts')],
    because: 'metrics do not depend on what they measure',
  },
  {
    from: 'control-plane/src/api',
    mayImport: [...CONTROL_PLANE_BASE, 'control-plane/src'],
    because: 'the API exposes all of the control plane; only the composition imports the API',
  },
];
