import { InvalidArgumentError } from 'commander';

const SHAPE = /^(?:\[([^[\]]+)\]|([^:[\]\s]+)):([0-9]{1,5})$/;

/** Parses `host:port`, with IPv6 addresses in brackets. Throws InvalidArgumentError. */
export function hostPortArgument(text: string): { readonly host: string; readonly port: number } {
  const [, bracketed, plain, digits] = SHAPE.exec(text) ?? [];
  const port = Number(digits);
  const host = bracketed ?? plain;
  if (host !== undefined && port >= 1 && port <= 65_535) return { host, port };
  throw new InvalidArgumentError('Write host:port, such as orders.internal:5432 or [fd00::1]:5432.');
}
