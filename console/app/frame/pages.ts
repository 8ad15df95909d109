import { type ComponentType, lazy } from 'react';

/** The pages, each loaded when it is first opened. The first page that most people see is part of the first load. */
export const pages: readonly { readonly path: string; readonly page: ComponentType }[] = [
  {
    path: '/agents/:name',
    page: lazy(() =>
      import('../pages/agent/agent-page.tsx').then(({ AgentPage }) => ({ default: AgentPage })),
    ),
  },
  {
    path: '/pools/:name',
    page: lazy(() => import('../pages/pool/pool-page.tsx').then(({ PoolPage }) => ({ default: PoolPage }))),
  },
  {
    path: '/connections',
    page: lazy(() =>
      import('../pages/connections/connections-page.tsx').then(({ ConnectionsPage }) => ({
        default: ConnectionsPage,
      })),
    ),
  },
  {
    path: '/connections/:name',
    page: lazy(() =>
      import('../pages/connection/connection-page.tsx').then(({ ConnectionPage }) => ({
        default: ConnectionPage,
      })),
    ),
  },
  {
    path: '/config',
    page: lazy(() =>
      import('../pages/config/config-page.tsx').then(({ ConfigPage }) => ({ default: ConfigPage })),
    ),
  },
  {
    path: '/config/:pool',
    page: lazy(() =>
      import('../pages/config/config-page.tsx').then(({ ConfigPage }) => ({ default: ConfigPage })),
    ),
  },
  {
    path: '/rollouts',
    page: lazy(() =>
      import('../pages/rollouts/rollouts-page.tsx').then(({ RolloutsPage }) => ({ default: RolloutsPage })),
    ),
  },
  {
    path: '/rollouts/:id',
    page: lazy(() =>
      import('../pages/rollouts/rollout-page.tsx').then(({ RolloutPage }) => ({ default: RolloutPage })),
    ),
  },
  {
    path: '/add-agent',
    page: lazy(() =>
      import('../pages/add-agent/add-agent-page.tsx').then(({ AddAgentPage }) => ({ default: AddAgentPage })),
    ),
  },
  {
    path: '/access/:what?',
    page: lazy(() =>
      import('../pages/access/access-page.tsx').then(({ AccessPage }) => ({ default: AccessPage })),
    ),
  },
  {
    path: '/alerts',
    page: lazy(() =>
      import('../pages/alerts/alerts-page.tsx').then(({ AlertsPage }) => ({ default: AlertsPage })),
    ),
  },
  {
    path: '/approvals',
    page: lazy(() =>
      import('../pages/approvals/approvals-page.tsx').then(({ ApprovalsPage }) => ({
        default: ApprovalsPage,
      })),
    ),
  },
  {
    path: '/audit',
    page: lazy(() =>
      import('../pages/audit/audit-page.tsx').then(({ AuditPage }) => ({ default: AuditPage })),
    ),
  },
];
