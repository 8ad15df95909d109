export type Role = 'viewer' | 'operator' | 'admin';

const ranks: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, admin: 2 };

/** Each role includes the permissions of those before it. */
export const roleAllows = (role: Role, needed: Role): boolean => ranks[role] >= ranks[needed];
