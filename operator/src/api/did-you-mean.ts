import { suggest } from '@penstock/config-schema/text';
import { connectorsOf, isNoun, type Listings, type Noun, namesOf, versionsOf } from './names.ts';

/** A request that the gateway refused. */
export type Refused = { readonly code: string; readonly path: string; readonly body: unknown };

const MAX_NAMES = 10;

/** Codes of problems that a name may have caused. */
const NAME_PROBLEMS: ReadonlySet<string> = new Set(['NOT_FOUND', 'POOL_UNKNOWN', 'REQUEST_INVALID']);

/**
 * Which name was meant, as a sentence, if a request was refused because the gateway does not know a name in it. Never rejects:
 * the refusal itself is what has to be reported.
 */
export async function whatWasMeant(api: Listings, refused: Refused): Promise<string | undefined> {
  if (!NAME_PROBLEMS.has(refused.code)) return undefined;
  try {
    for (const { written, known } of namesIn(api, refused)) {
      const names = await known();
      if (!names.includes(written)) return meantAmong(written, names);
    }
  } catch {
    // Without permission or with the store down, there is no suggestion.
  }
  return undefined;
}

/** Which of the names was meant, as a sentence; all of them if there are few. */
export function meantAmong(written: string, names: readonly string[]): string | undefined {
  const folded = written.toLowerCase();
  const near =
    suggest(written, names) ??
    names.find((each) => each.toLowerCase().startsWith(folded) || each.toLowerCase().endsWith(folded));
  if (near !== undefined) return `Did you mean ${near}?`;
  if (names.length === 0 || names.length > MAX_NAMES) return undefined;
  return `Possible values: ${names.join(', ')}.`;
}

/** The sentence for the first filter of a list whose value the gateway does not know. */
export async function unknownFilter(
  api: Listings,
  filters: Readonly<Partial<Record<Noun, string | undefined>>>,
): Promise<string | undefined> {
  for (const [noun, written] of Object.entries(filters)) {
    if (written === undefined || !isNoun(noun)) continue;
    const names = await namesOf(api, noun).catch(() => undefined);
    if (names === undefined || names.includes(written)) continue;
    return [`There is no ${noun.slice(0, -1)} ${written}.`, meantAmong(written, names)]
      .filter((text) => text !== undefined)
      .join(' ');
  }
  return undefined;
}

type NameUsed = { readonly written: string; readonly known: () => Promise<readonly string[]> };

/** The names in a request, in the order in which they are worth checking. */
function namesIn(api: Listings, { path, body }: Refused): NameUsed[] {
  const [first, second, third] = (path.split('?', 1)[0] ?? '').split('/').map(decodeURIComponent);
  const used = (noun: Noun, written: string): NameUsed => ({ written, known: () => namesOf(api, noun) });
  const names: NameUsed[] = [];
  const { pool, version, connector, connections = [] } = fieldsOf(body);
  if (pool !== undefined) names.push(used('pools', pool));
  names.push(...connections.map((each) => used('connections', each)));
  if (first === 'pins' && isNoun(second) && third !== undefined) {
    names.push(used(second, third));
    const wanted = version ?? (Number(new URLSearchParams(path.split('?')[1]).get('version')) || undefined);
    if (second === 'pools' && wanted !== undefined) {
      names.push({ written: String(wanted), known: () => versionsOf(api, third) });
    }
  } else if (first === 'config-versions' && second !== undefined) {
    names.push(used('pools', second));
    if (third !== undefined) names.push({ written: third, known: () => versionsOf(api, second) });
  } else if (isNoun(first) && second !== undefined) {
    names.push(used(first, second));
    if (first === 'agents' && connector !== undefined) {
      names.push({ written: connector, known: () => connectorsOf(api, second) });
    }
  }
  return names;
}

type Fields = {
  readonly pool?: string;
  readonly version?: number;
  readonly connector?: string;
  readonly connections?: readonly string[];
};

const fieldsOf = (body: unknown): Fields =>
  typeof body === 'object' && body !== null ? (body as Fields) : {};
