import type { CompletionNames } from '@penstock/terminal';

const AGENT_COMMANDS = ['show', 'drain', 'resume', 'revoke', 'probe', 'check', 'logs', 'diff', 'restart'];
const ROLLOUT_COMMANDS = ['show', 'pause', 'resume', 'cancel', 'retry', 'proceed'];
const APPROVAL_COMMANDS = ['show', 'result', 'approve', 'deny'];

/** What the shell completes with names that the gateway knows. */
export const completionNames: CompletionNames = {
  command: 'completion-names',
  arguments: {
    ...Object.fromEntries(AGENT_COMMANDS.map((verb) => [`agent ${verb}`, 'agents'])),
    ...Object.fromEntries(APPROVAL_COMMANDS.map((verb) => [`approval ${verb}`, 'approvals'])),
    ...Object.fromEntries(ROLLOUT_COMMANDS.map((verb) => [`rollout ${verb}`, 'rollouts'])),
    'config pin': 'pools',
    'config unpin': 'pools',
    'config versions': 'pools',
    'config published': 'pools',
    'connection explain': 'connections',
    'connection url': 'connections',
    'connection clients': 'connections',
    'receiver test': 'receivers',
    'alert show': 'alerts',
    'silence end': 'silences',
    'grant revoke': 'grants',
    'token revoke': 'enrollment-tokens',
    'token show': 'enrollment-tokens',
    'admin-token revoke': 'admin-tokens',
  },
  options: { '--agent': 'agents', '--pool': 'pools', '--connection': 'connections' },
};
