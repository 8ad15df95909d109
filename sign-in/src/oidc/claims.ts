import { printableLine } from '@penstock/runtime';
import type { AdminRole, ConsoleUser } from '@penstock/store';
import { SignInRefusal } from '../refusal.ts';

/** `signIn.oidc.roles` of gateway.yaml. */
export type GroupRole = { readonly group: string; readonly role: AdminRole };

export type Claims = Readonly<Record<string, unknown>>;

const ranks: Readonly<Record<AdminRole, number>> = { viewer: 0, operator: 1, admin: 2 };
/** A subject has at most 255 characters (OpenID Connect Core 1.0, section 2). */
const MAX_SUBJECT_LENGTH = 255;
const MAX_NAME_LENGTH = 64;
/** Groups that are read, and that a message names. */
const MAX_GROUPS = 1_000;
const MAX_NAMED_GROUPS = 20;

/** The groups in a claim: one text or a list of them. `path` can lead into an object, as in `realm_access.roles`. */
export function groupsOf(claims: Claims, path: string): readonly string[] | undefined {
  let value: unknown = claims[path];
  if (value === undefined) {
    value = claims;
    for (const step of path.split('.')) {
      value = typeof value === 'object' && value !== null ? (value as Claims)[step] : undefined;
    }
  }
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value)) return undefined;
  return value.filter((each): each is string => typeof each === 'string').slice(0, MAX_GROUPS);
}

/**
 * The user of these claims, with the highest role that one of the groups has. Throws SignInRefusal, naming the claims that
 * were received, if no group has one.
 */
export function userOf(
  claims: Claims,
  {
    issuer,
    groupsClaim,
    roles,
  }: { readonly issuer: string; readonly groupsClaim: string; readonly roles: readonly GroupRole[] },
): ConsoleUser {
  const { sub } = claims;
  if (
    typeof sub !== 'string' ||
    sub === '' ||
    sub.length > MAX_SUBJECT_LENGTH ||
    printableLine(sub) !== sub
  ) {
    throw new SignInRefusal('SIGN_IN_REFUSED', 'The identity provider sent no usable subject (claim sub).');
  }
  const name = nameOf(claims) ?? sub.slice(0, MAX_NAME_LENGTH);
  const groups = groupsOf(claims, groupsClaim);
  if (groups === undefined) {
    throw new SignInRefusal(
      'SIGN_IN_REFUSED',
      `The identity provider sent no groups for ${name}: there is no claim ${groupsClaim}. It sent ` +
        `${named(Object.keys(claims))}. Set signIn.oidc.groupsClaim in gateway.yaml to the claim with the groups, or ` +
        'have the provider send it.',
    );
  }
  const found = roles.filter(({ group }) => groups.includes(group)).map(({ role }) => role);
  const [role] = found.sort((one, other) => ranks[other] - ranks[one]);
  if (role !== undefined) return { actor: `${oidcActorPrefix(issuer)}${sub}`, tokenId: null, name, role };
  throw new SignInRefusal(
    'SIGN_IN_REFUSED',
    `None of the groups of ${name} has a role. The claim ${groupsClaim} has ${named(groups)}; ` +
      `signIn.oidc.roles in gateway.yaml has ${named(roles.map(({ group }) => group))}.`,
  );
}

/** Subjects are unique within an issuer only (OpenID Connect Core 1.0, section 5.7). A URL contains no space. */
const oidcActorPrefix = (issuer: string) => `oidc:${issuer} `;

/** Whether this actor was signed in by the provider with this issuer. */
export const isUserOf = (issuer: string | undefined, actor: string): boolean =>
  issuer !== undefined && actor.startsWith(oidcActorPrefix(issuer));

function nameOf(claims: Claims): string | undefined {
  for (const claim of ['name', 'preferred_username', 'email']) {
    const value = claims[claim];
    if (typeof value !== 'string') continue;
    const name = printableLine(value).slice(0, MAX_NAME_LENGTH).trim();
    if (name !== '') return name;
  }
  return undefined;
}

function named(all: readonly string[]): string {
  if (all.length === 0) return 'none';
  const some = all.slice(0, MAX_NAMED_GROUPS).map((each) => printableLine(each.slice(0, 100)));
  return `${some.join(', ')}${all.length > some.length ? ` and ${all.length - some.length} more` : ''}`;
}
