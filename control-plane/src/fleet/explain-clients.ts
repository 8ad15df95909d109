import { denialReasons, reach } from '@penstock/wire';
import type { RouteReport } from '../data-plane-port.ts';
import { ageText } from './explain-evidence.ts';
import type { Verdict } from './explanation.ts';

/**
 * Adds to a verdict what happens to clients before the target matters: the client that was asked about is not admitted,
 * or the newest client was denied.
 */
export function withClients(
  verdict: Verdict,
  { source, denials, dials }: Pick<RouteReport, 'source' | 'denials' | 'dials'>,
  now: number,
): Verdict {
  if (source?.ingresses.every(({ range }) => range === undefined)) {
    const lists = source.ingresses.map(
      ({ listen, allow }) => `${listen} allows ${allow.join(', ') || 'nothing'}`,
    );
    return {
      reach: 'not-allowed',
      ...reach['not-allowed'],
      detail: `${source.address} is in none of the allow lists: ${lists.join('; ')}.`,
      at: undefined,
      agent: undefined,
    };
  }
  const [newest] = denials.addresses;
  if (source !== undefined || newest === undefined || newest.at < (dials[0]?.at ?? 0)) return verdict;
  const { address, at, reason, ingress } = newest;
  const when = `${ageText(now - at)} ago`;
  const denied =
    ingress === undefined
      ? `The newest client, ${address}, was denied ${when}: ${denialReasons[reason]}`
      : `A client of the shared ingress ${ingress}, ${address}, was denied ${when}, before it was known which connection it ` +
        `wanted: ${denialReasons[reason]}`;
  const detail = [verdict.detail, denied].filter((text) => text !== undefined).join(' ');
  const isOnlyDenied = verdict.reach === 'ready' && reason === 'source-not-allowed';
  return { ...verdict, detail, ...(isOnlyDenied && { advice: reach['not-allowed'].advice }) };
}
