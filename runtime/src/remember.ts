/**
 * Returns `compute`, which must be pure, with a memory of its results for the texts it was called with last: at least `count` and
 * at most twice as many.
 */
export function remember<Result>(count: number, compute: (text: string) => Result): (text: string) => Result {
  let recent = new Map<string, Result>();
  let before = new Map<string, Result>();
  const add = (text: string, result: Result) => {
    if (recent.size >= count) {
      before = recent;
      recent = new Map();
    }
    recent.set(text, result);
    return result;
  };
  return (text) => {
    const known = recent.get(text);
    if (known !== undefined) return known;
    return add(text, before.get(text) ?? compute(text));
  };
}
