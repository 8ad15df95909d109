/** The user id of nobody on Linux. */
const NOBODY = 65_534;

/**
 * Runs `action` without root privileges, because root is never denied access. Other users run it unchanged. `action`
 * must be synchronous: the user id applies to the whole process.
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
