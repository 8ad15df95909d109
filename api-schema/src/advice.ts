/** What to do about something, for people. */
export type Advice = {
  /** Names no command of penstock-gateway: the console has a page or a button for it. */
  readonly advice: string;
  /** The command with which it is done, or looked at, without the console. `…` stands for a name, CONNECTOR for a connector. */
  readonly command?: string;
};

/** What a command is for that changes nothing, by its verb. */
const purposes: readonly (readonly [command: RegExp, purpose: string])[] = [
  [/^\S+ \S+ list\b/, 'To list the agents, run'],
  [/^\S+ \S+ logs\b/, 'To read its log, run'],
  [/^\S+ \S+ diff\b/, 'To see what differs, run'],
  [/^\S+ \S+ explain\b/, 'To see each stage, run'],
  [/^\S+ \S+ show\b/, 'For details, run'],
];

/** For a terminal or a channel: the advice, then the command. A command that only looks says what it shows. */
export function adviceText({
  advice,
  command,
}: {
  readonly advice: string;
  readonly command?: string | undefined;
}): string {
  if (command === undefined) return advice;
  const [, purpose = 'Run'] = purposes.find(([pattern]) => pattern.test(command)) ?? [];
  return `${advice} ${purpose} ${command}.`;
}

/** A command with its names; undefined if there is none. */
export const commandFor = (
  { command }: Advice,
  { name, connector = 'CONNECTOR' }: { readonly name: string; readonly connector?: string | undefined },
): string | undefined => command?.replaceAll('…', name).replaceAll('CONNECTOR', connector);
