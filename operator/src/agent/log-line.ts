import { type Io, printableLine, styleFor } from '@penstock/terminal';

/** Renders a line of an agent's log: time, level, message and fields. */
export function logLine(line: unknown, io: Io): string {
  if (typeof line !== 'object' || line === null) return printableLine(JSON.stringify(line));
  const { time, level, event, msg, name: _, ...fields } = line as Readonly<Record<string, unknown>>;
  const style = styleFor(io.stdout, io.environment);
  const colors: Readonly<Record<string, (text: string) => string>> = {
    warn: style.warning,
    error: style.bad,
  };
  const color = colors[String(level)] ?? ((text: string) => text);
  const rest = Object.entries(fields).map(([key, value]) => `${key}=${shown(value)}`);
  const parts = [String(time), String(level).toUpperCase().padEnd(5), String(msg ?? event), ...rest];
  return color(printableLine(parts.join(' ')));
}

const shown = (value: unknown) =>
  typeof value === 'string' && !/[\s"=]/.test(value) ? value : JSON.stringify(value);
