/** What to do about something, for people. */
export type Advice = {
  /** Names no command of penstock-gateway: the console has a page or a button for it. */
  readonly advice: string;
  /** The command with which it is done, or looked at, without the console. `…` stands for a name, CONNECTOR for a connector. */
  readonly command?: string;
};

/** For a terminal or a channel: the advice, then the command. */
export const adviceText = ({
  advice,
  command,
}: {
  readonly advice: string;
  readonly command?: string | undefined;
}): string => (command === undefined ? advice : `${advice} Run ${command}.`);

/** A command with its names; undefined if there is none. */
export const commandFor = (
  { command }: Advice,
  { name, connector = 'CONNECTOR' }: { readonly name: string; readonly connector?: string | undefined },
): string | undefined => command?.replaceAll('…', name).replaceAll('CONNECTOR', connector);
