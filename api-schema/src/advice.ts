/** What to do about something, for people. */
export type Advice = {
  /** Names no command of penstock-gateway: the console has a page or a button for it. */
  readonly advice: string;
  /** The command with which it is done, or looked at, without the console. `…` stands for a name, CONNECTOR for a connector. */
  readonly command?: string;
};

/** What each command is for that changes nothing. */
const purposes: Readonly<Partial<Record<string, string>>> = {
  'agent diff': 'To see what differs, run',
  'agent list': 'To list the agents, run',
  'agent logs': 'To read its log, run',
  'agent show': 'For details, run',
  'connection explain': 'To see each stage, run',
  'replica list': 'To list the replicas, run',
  'rollout show': 'For details, run',
};

/** For a terminal or a channel: the advice, then the command. A command that only looks says what it shows. */
export function adviceText({
  advice,
  command,
}: {
  readonly advice: string;
  readonly command?: string | undefined;
}): string {
  if (command === undefined) return advice;
  const [, resource, verb] = command.split(' ');
  return `${advice} ${purposes[`${resource} ${verb}`] ?? 'Run'} ${command}.`;
}

/** A command with its names; undefined if there is none. */
export const commandFor = (
  { command }: Advice,
  { name, connector = 'CONNECTOR' }: { readonly name: string; readonly connector?: string | undefined },
): string | undefined => command?.replaceAll('…', name).replaceAll('CONNECTOR', connector);
