/** A setting of a unit: its name and one value, or several that each have a line. */
export type UnitSetting = readonly [name: string, value: string | readonly string[]];
export type UnitSection = readonly [name: string, settings: readonly UnitSetting[]];

/** First line of each unit that this program writes. A unit without it belongs to somebody else. */
export const GENERATED_MARK =
  '# Written by penstock service install. Change it with a drop-in: systemctl edit UNIT';

/** A unit file as text. Throws on a value that would become another line. */
export function unitText(sections: readonly UnitSection[]): string {
  const body = sections.map(([name, settings]) =>
    [
      `[${name}]`,
      ...settings.flatMap(([key, value]) =>
        (typeof value === 'string' ? [value] : value).map((one) => settingLine(key, one)),
      ),
    ].join('\n'),
  );
  return `${GENERATED_MARK}\n\n${body.join('\n\n')}\n`;
}

function settingLine(name: string, value: string): string {
  if (/[\r\n\0]/.test(value)) throw new Error(`${name} contains a line break.`);
  return `${name}=${value}`;
}

/**
 * A word of a command line in ExecStart: quoted if needed, with `%` and `$` doubled, which would otherwise be specifiers and
 * variables (systemd.service(5), "Command lines").
 */
export function execWord(word: string): string {
  const escaped = escapePercent(word).replaceAll('$', '$$$$');
  if (/^[A-Za-z0-9_./:=@%$,+-]+$/.test(word)) return escaped;
  return `"${escaped.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** `%` doubled, for settings in which it starts a specifier. */
export const escapePercent = (text: string): string => text.replaceAll('%', '%%');

/** A line of Environment=, quoted. */
export function environmentLine(name: string, value: string): string {
  return `"${name}=${escapePercent(value).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
