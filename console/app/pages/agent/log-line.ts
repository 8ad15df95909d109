export type LogLine = {
  /** Its place in the answer. */
  readonly key: number;
  readonly time: string;
  readonly level: string;
  readonly text: string;
};

/** Characters of one line that are shown: longer lines freeze the browser, and are complete in the copy. */
const MAX_TEXT_LENGTH = 2_000;
/** Fields with a column of their own, or without meaning on one host. */
const SHOWN = new Set(['time', 'level', 'msg', 'name', 'pid', 'hostname']);

/** A line of an agent's log for people: its sentence, then its other fields. */
export function readLine(line: unknown, key: number): LogLine {
  if (typeof line !== 'object' || line === null) {
    return { key, time: '', level: '', text: String(line).slice(0, MAX_TEXT_LENGTH) };
  }
  const fields = line as Readonly<Record<string, unknown>>;
  const at = fields['time'];
  const time = typeof at === 'number' || typeof at === 'string' ? new Date(at) : undefined;
  const rest = Object.entries(fields)
    .filter(([name]) => !SHOWN.has(name))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const text = [fields['msg'], ...rest].filter((part) => part !== undefined && part !== '').join(' ');
  return {
    key,
    time: time === undefined || Number.isNaN(time.getTime()) ? '' : time.toISOString().slice(11, 23),
    level: String(fields['level'] ?? ''),
    text: text.length > MAX_TEXT_LENGTH ? `${text.slice(0, MAX_TEXT_LENGTH)}…` : text,
  };
}
