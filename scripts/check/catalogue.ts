/**
 * Compares the rows of a table in `document` with the entries in the code, in both directions. The first cell of each
 * expected row is the entry's name as the table shows it. Rows may have more cells than expected, for texts that only
 * the document has; these must not be empty.
 */
export function compareCatalogue(
  document: string,
  rows: readonly (readonly string[])[],
  expected: readonly (readonly string[])[],
): string[] {
  const names = new Set(expected.map(([name]) => name));
  const unknown = rows
    .filter(([name]) => !names.has(name))
    .map(([name]) => `${document}: ${name} has a row but is not in the code`);
  return [...unknown, ...expected.flatMap((cells) => problemsOfEntry(document, rows, cells))];
}

function problemsOfEntry(
  document: string,
  rows: readonly (readonly string[])[],
  cells: readonly string[],
): string[] {
  const [name = ''] = cells;
  const matching = rows.filter(([first]) => first === name);
  const [row] = matching;
  if (row === undefined || matching.length > 1) {
    return [`${document}: ${name} has ${matching.length} rows instead of one`];
  }
  const different = cells.flatMap((cell, index) =>
    row[index] === cell ? [] : [`${document}: ${name} says "${row[index]}", but the code says "${cell}"`],
  );
  const empty = row.includes('') ? [`${document}: ${name} has an empty cell`] : [];
  return [...different, ...empty];
}
