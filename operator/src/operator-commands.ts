import type { Io, LazyCommand } from '@penstock/terminal';

/** The commands that use the API of a running gateway, in the order of the help. */
export function operatorCommands(io: Io): readonly LazyCommand[] {
  return [
    {
      name: 'config',
      description: 'validate and print gateway.yaml; publish and pin versions of agent.yaml',
      load: async () => (await import('./config/config-command.ts')).gatewayConfigCommand(io),
    },
    {
      name: 'token',
      description: 'enrollment tokens, the credentials with which new agents enroll',
      load: async () => (await import('./credentials/token-command.ts')).tokenCommand(io),
    },
    {
      name: 'agent',
      description: 'agents in the fleet',
      load: async () => (await import('./agent/agent-command.ts')).agentCommand(io),
    },
    {
      name: 'pool',
      description: 'pools of agents',
      load: async () => (await import('./pool/pool-command.ts')).poolCommand(io),
    },
    {
      name: 'session',
      description: 'sessions between agents and this gateway',
      load: async () => (await import('./session/session-command.ts')).sessionCommand(io),
    },
    {
      name: 'replica',
      description: 'gateways that share their store with this one',
      load: async () => (await import('./replica/replica-command.ts')).replicaCommand(io),
    },
    {
      name: 'connection',
      description: 'connections that clients use',
      load: async () => (await import('./connection/connection-command.ts')).connectionCommand(io),
    },
    {
      name: 'alert',
      description: 'alerts and their notifications',
      load: async () => (await import('./alert/alert-command.ts')).alertCommand(io),
    },
    {
      name: 'silence',
      description: 'alerts of which no receiver is notified for a while',
      load: async () => (await import('./silence/silence-command.ts')).silenceCommand(io),
    },
    {
      name: 'receiver',
      description: 'receivers of alert notifications',
      load: async () => (await import('./receiver/receiver-command.ts')).receiverCommand(io),
    },
    {
      name: 'grant',
      description: 'grants, the credentials of clients for SOCKS5 and HTTP CONNECT',
      load: async () => (await import('./credentials/grant-command.ts')).grantCommand(io),
    },
    {
      name: 'rollout',
      description: 'rollouts, which bring a version of configuration or software to agents step by step',
      load: async () => (await import('./rollout/rollout-command.ts')).rolloutCommand(io),
    },
    {
      name: 'approval',
      description: 'operator actions that require the approval of an admin',
      load: async () => (await import('./approval/approval-command.ts')).approvalCommand(io),
    },
    {
      name: 'console',
      description: 'print a link that signs in to the web console once, within a minute',
      load: async () => (await import('./console/console-command.ts')).consoleCommand(io),
    },
    {
      name: 'audit',
      description: 'who changed what, when and from where',
      load: async () => (await import('./audit/audit-command.ts')).auditCommand(io),
    },
    {
      name: 'admin-token',
      description: 'admin tokens, the credentials for the API',
      load: async () => (await import('./credentials/admin-token-command.ts')).adminTokenCommand(io),
    },
    {
      name: 'completion-names',
      description: 'print the names that completion scripts offer',
      load: async () => (await import('./completion-names-command.ts')).completionNamesCommand(io),
      isHidden: true,
    },
  ];
}
