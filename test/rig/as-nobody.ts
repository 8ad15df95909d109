/** The account nobody on every Linux. */
const NOBODY = 65_534;

/**
 * Runs `action` as a user without rights: root may do everything, so what a refusal looks like cannot be seen as
 * root. Any other user runs it as it is. Only for something synchronous: the account is the whole process's.
 */
export function asNobody<Value>(action: () => Value): Value {
  if (process.geteuid?.() !== 0 || process.seteuid === undefined) return action();
  process.seteuid(NOBODY);
  try {
    return action();
  } finally {
    process.seteuid(0);
  }
}
